package infra

import (
	"errors"
	"testing"
)

func TestGuard(t *testing.T) {
	t.Parallel()
	trouble := errors.New("no such zone")
	if err := guard(func() { must(0, trouble) }); !errors.Is(err, trouble) {
		t.Errorf("an error becomes %v", err)
	}
	if err := guard(func() { must(0, error(nil)) }); err != nil {
		t.Errorf("no error becomes %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a bug is swallowed: guard returns as if nothing had happened")
		}
	}()
	var nothing *Network
	_ = guard(func() { _ = nothing.VPC })
}
