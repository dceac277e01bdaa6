package boot

import (
	"bytes"
	"embed"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"

	"gopkg.in/yaml.v3"
)

// MostBytes is the user data that EC2 takes, before it is encoded (EC2: Run
// commands on your instance at launch).
const MostBytes = 16 << 10

// AgentConfig is where the CloudWatch agent reads its config, Log what it ships.
const (
	AgentConfig = "/opt/aws/amazon-cloudwatch-agent/etc/newsfeed.json"
	Log         = "/var/log/newsfeed/feed.log"
)

// Instance is what differs between instances of a kind and another.
type Instance struct {
	Command     string // of the feed binary: web or worker
	StopSeconds int    // from SIGTERM on, before it is killed
	Environment map[string]string
	Agent       string // the CloudWatch agent's config
}

//go:embed *.service sandbox fetch give-up agent *.conf
var files embed.FS

// written are the files of an instance. Cloud-init writes them before it makes
// users: they are root's, and the process only reads them.
var written = []struct{ path, permissions, source string }{
	{"/etc/systemd/system/feed.service", "0644", "feed.service"},
	{"/etc/systemd/system/feed-hook.service", "0644", "feed-hook.service"},
	{"/etc/systemd/system/feed-failed.service", "0644", "feed-failed.service"},
	{"/etc/sysusers.d/newsfeed.conf", "0644", "sysusers.conf"},
	{"/etc/tmpfiles.d/newsfeed.conf", "0644", "tmpfiles.conf"},
	{"/etc/logrotate.d/newsfeed", "0644", "logrotate.conf"},
	{"/opt/newsfeed/fetch", "0755", "fetch"},
	{"/opt/newsfeed/give-up", "0755", "give-up"},
	{"/opt/newsfeed/agent", "0755", "agent"},
}

// commands run once, in this order: the app before the agent.
var commands = [][]string{
	{"systemd-sysusers", "/etc/sysusers.d/newsfeed.conf"},
	{"systemd-tmpfiles", "--create", "/etc/tmpfiles.d/newsfeed.conf"},
	{"systemctl", "daemon-reload"},
	{"systemctl", "enable", "--now", "--no-block", "feed.service", "feed-hook.service"},
	{"/opt/newsfeed/agent"},
}

// cloudConfig is the part of cloud-init's format that instances use.
type cloudConfig struct {
	WriteFiles []File     `yaml:"write_files"`
	RunCmd     [][]string `yaml:"runcmd"`
}

// File is a file of an instance.
type File struct {
	Path        string `yaml:"path"`
	Permissions string `yaml:"permissions"`
	Content     string `yaml:"content"`
}

// UserData is what cloud-init does on the instance, encoded as EC2 takes it. The
// same instance is the same text: another would be another launch template.
func (i Instance) UserData() (string, error) {
	files, err := i.Files()
	if err != nil {
		return "", err
	}
	text, err := yaml.Marshal(cloudConfig{files, commands})
	if err != nil {
		return "", err
	}
	text = append([]byte("#cloud-config\n"), text...)
	if len(text) > MostBytes {
		return "", fmt.Errorf("user data has %d bytes, EC2 takes %d", len(text), MostBytes)
	}
	return base64.StdEncoding.EncodeToString(text), nil
}

// Files are the files that UserData writes.
func (i Instance) Files() ([]File, error) {
	all := []File{{"/etc/newsfeed/feed.env", "0640", i.environment()}, {AgentConfig, "0644", i.Agent}}
	for _, w := range written {
		source, err := files.ReadFile(w.source)
		if err != nil {
			return nil, err
		}
		content, err := i.render(w.source, string(source))
		if err != nil {
			return nil, err
		}
		all = append(all, File{w.path, w.permissions, content})
	}
	return all, nil
}

// render fills a unit; scripts have braces of their own.
func (i Instance) render(name, source string) (string, error) {
	if !strings.HasSuffix(name, ".service") {
		return source, nil
	}
	units, err := template.New("units").ParseFS(files, "sandbox", "*.service")
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = units.ExecuteTemplate(&out, name, i)
	return out.String(), err
}

// environment is in a fixed order.
func (i Instance) environment() string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(i.Environment)) {
		fmt.Fprintf(&b, "%s=%s\n", key, i.Environment[key])
	}
	return b.String()
}
