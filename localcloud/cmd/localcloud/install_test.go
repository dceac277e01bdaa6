package main

import (
	"errors"
	"io"
	"strings"
	"testing"
)

func TestInstall(t *testing.T) {
	there := need{"a", func() error { return nil }}
	gone := need{"b c", func() error { return errors.New("b is not installed: install it, then try again") }}
	t.Run("nothing is missing", func(t *testing.T) {
		if err := install(t.Context(), io.Discard, []need{there}); err != nil {
			t.Error(err)
		}
	})
	t.Run("off Debian it says what to install and stops", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir()) // no apt-get
		var said strings.Builder
		err := install(t.Context(), &said, []need{there, gone})
		if err == nil || !strings.Contains(err.Error(), "install it, then try again") || said.Len() > 0 {
			t.Errorf("error %v, said %q", err, said.String())
		}
	})
}
