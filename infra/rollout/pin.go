package rollout

import (
	"fmt"
	"os"
	"strings"
)

// Pin sets keys of the newsfeed namespace in a stack's file, each in its line, and
// touches nothing else: the change is for review. A key that is not there yet comes
// after the zone's.
func Pin(path string, keys map[string]string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	lines := strings.Split(string(raw), "\n")
	for _, key := range []string{"image", "release"} {
		value, given := keys[key]
		if !given {
			continue
		}
		if lines, err = pinned(lines, "  newsfeed:"+key+":", " "+value); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(strings.Join(lines, "\n")), info.Mode().Perm())
}

// pinned are the lines with one that begins so.
func pinned(lines []string, key, value string) ([]string, error) {
	after := -1
	for i, line := range lines {
		if strings.HasPrefix(line, key) {
			lines[i] = key + value
			return lines, nil
		}
		if strings.HasPrefix(line, "  newsfeed:zoneId:") {
			after = i
		}
	}
	if after < 0 {
		return nil, fmt.Errorf("has no line for newsfeed:zoneId, after which%s would stand: set it first", key[1:])
	}
	return append(lines[:after+1:after+1], append([]string{key + value}, lines[after+1:]...)...), nil
}
