package cloudwatch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	"newsfeed/localcloud/cloud"
)

func statesFile(dir string) string { return filepath.Join(dir, "alarms.json") }

// readStates reads what the alarms were when the service last ran, by ARN.
func readStates(dir string) (map[string]status, error) {
	kept := map[string]status{}
	raw, err := os.ReadFile(statesFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return kept, os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &kept); err != nil {
		return nil, fmt.Errorf("record %s is corrupt: %w; it was left as it is: "+
			"delete it, and the alarms begin with INSUFFICIENT_DATA", statesFile(dir), err)
	}
	return kept, nil
}

// saveStates keeps the states of all alarms, also of those that are not back
// yet. s.mu is held.
func (s *Service) saveStates() error {
	all := maps.Clone(s.kept)
	for _, a := range s.alarms {
		all[a.arn] = a.status
	}
	raw, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		return err
	}
	return cloud.WriteFile(statesFile(s.Dir), raw)
}
