package autoscaling

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

const (
	envFile  = "/etc/newsfeed/feed.env"
	unitFile = "/etc/systemd/system/feed.service"
	program  = "/usr/local/bin/feed"
	artifact = "NEWSFEED_ARTIFACT" // names the program in S3
)

// boot is what an instance does when it starts, as its user data says.
type boot struct {
	env      []string   // KEY=value
	before   [][]string // arguments of the program's runs before the service
	serve    []string   // arguments of the service
	artifact string     // s3://bucket/key
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
		switch file.Path {
		case envFile:
			b.readEnv(file.Content)
		case unitFile:
			b.readUnit(file.Content)
		}
	}
	if b.serve == nil || b.artifact == "" {
		return nil, fmt.Errorf("user data starts no %s: want %s with %s, and %s with ExecStart", program, envFile, artifact, unitFile)
	}
	return b, nil
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

// readUnit takes the runs of the program; of other commands there are only
// those that fetch it.
func (b *boot) readUnit(content string) {
	for line := range lines(content) {
		key, command, _ := strings.Cut(line, "=")
		words := strings.Fields(strings.TrimLeft(command, "-+!@"))
		if len(words) == 0 || words[0] != program {
			continue
		}
		switch key {
		case "ExecStartPre":
			b.before = append(b.before, words[1:])
		case "ExecStart":
			b.serve = words[1:]
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
