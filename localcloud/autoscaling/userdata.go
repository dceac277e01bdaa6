package autoscaling

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"path"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

const (
	envFile  = "/etc/newsfeed/feed.env"
	unitDir  = "/etc/systemd/system"
	program  = "feed"              // the base name of the program that units run
	artifact = "NEWSFEED_ARTIFACT" // names the program in S3
)

// boot is what an instance runs, as its user data says.
type boot struct {
	env      []string // KEY=value
	artifact string   // s3://bucket/key
	units    []unit
}

// parseUserData reads cloud-config user data, in base64 as launch templates
// hold it.
func parseUserData(encoded string) (*boot, error) {
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, fmt.Errorf("user data is not base64: %w", err)
	}
	var config struct {
		WriteFiles []struct {
			Path    string `yaml:"path"`
			Content string `yaml:"content"`
		} `yaml:"write_files"`
	}
	if err := yaml.Unmarshal(raw, &config); err != nil {
		return nil, fmt.Errorf("user data is not cloud-config: %w", err)
	}
	b := &boot{}
	for _, file := range config.WriteFiles {
		switch {
		case file.Path == envFile:
			b.readEnv(file.Content)
		case path.Dir(file.Path) == unitDir && path.Ext(file.Path) == ".service":
			u, err := parseUnit(strings.TrimSuffix(path.Base(file.Path), ".service"), file.Content)
			if err != nil {
				return nil, fmt.Errorf("user data: %s: %w", file.Path, err)
			}
			if u.serve != nil {
				b.units = append(b.units, u)
			}
		}
	}
	b.dropHandlers()
	if b.units == nil || b.artifact == "" {
		return nil, fmt.Errorf("user data starts no %s: want %s with %s, and a unit in %s with ExecStart",
			program, envFile, artifact, unitDir)
	}
	return b, nil
}

// dropHandlers leaves out the units that only another's failure starts.
func (b *boot) dropHandlers() {
	for _, u := range slices.Clone(b.units) {
		b.units = slices.DeleteFunc(b.units, func(other unit) bool { return other.name == u.onFailure })
	}
}

func (b *boot) readEnv(content string) {
	for line := range lines(content) {
		key, value, ok := strings.Cut(line, "=")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		value = strings.Trim(value, `"`)
		b.env = append(b.env, key+"="+value)
		if key == artifact {
			b.artifact = value
		}
	}
}

func lines(content string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for scan := bufio.NewScanner(strings.NewReader(content)); scan.Scan(); {
			if line := strings.TrimSpace(scan.Text()); line != "" && !yield(line) {
				return
			}
		}
	}
}
