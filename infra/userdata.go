package infra

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"gopkg.in/yaml.v3"
)

// cloudConfig is the part of cloud-init's format that instances use.
type cloudConfig struct {
	Packages   []string    `yaml:"packages"`
	WriteFiles []writeFile `yaml:"write_files"`
	RunCmd     [][]string  `yaml:"runcmd"`
}

type writeFile struct {
	Path        string `yaml:"path"`
	Permissions string `yaml:"permissions"`
	Content     string `yaml:"content"`
}

// process is what an instance runs.
type process struct {
	command string // of the feed binary: web or worker
	migrate bool   // bring the schema up to date first; the primary's instances only
	logs    string // log group
	roots   string // s3:// address of the database's root certificates
}

// userData renders what cloud-init does on an instance: environment, systemd
// unit, agent. It holds no secret: anybody who may describe a launch template
// can read it.
func userData(p process, environment map[string]string) (string, error) {
	agent, err := agentConfig(p.logs)
	if err != nil {
		return "", err
	}
	text, err := yaml.Marshal(cloudConfig{
		Packages: []string{"amazon-cloudwatch-agent"},
		WriteFiles: []writeFile{
			{"/etc/newsfeed/feed.env", "0640", envFile(environment)},
			{"/etc/systemd/system/feed.service", "0644", p.unit()},
			{agentConfigPath, "0644", agent},
		},
		RunCmd: [][]string{
			{"aws", "s3", "cp", p.roots, "/etc/pki/ca-trust/source/anchors/rds.pem"},
			{"update-ca-trust"},
			{"systemctl", "enable", "--now", "feed.service"},
			{"/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl", "-a", "fetch-config", "-m", "ec2", "-s", "-c", "file:" + agentConfigPath},
		},
	})
	return base64.StdEncoding.EncodeToString(append([]byte("#cloud-config\n"), text...)), err
}

// envFile renders the environment in a fixed order, so that an unchanged one
// makes no new template.
func envFile(environment map[string]string) string {
	var b strings.Builder
	for _, key := range sortedKeys(environment) {
		fmt.Fprintf(&b, "%s=%s\n", key, environment[key])
	}
	return b.String()
}

// unit is the systemd unit of the process. It fetches the binary at each start,
// runs as a user that exists for as long as it does, and is given time to drain,
// though less than the load balancer gives it.
func (p process) unit() string {
	lines := []string{
		"[Unit]",
		"Description=newsfeed " + p.command,
		"Wants=network-online.target",
		"After=network-online.target",
		"StartLimitIntervalSec=0",
		"",
		"[Service]",
		"EnvironmentFile=/etc/newsfeed/feed.env",
		"ExecStartPre=+/usr/bin/aws s3 cp ${NEWSFEED_ARTIFACT} /usr/local/bin/feed",
		"ExecStartPre=+/usr/bin/chmod 0755 /usr/local/bin/feed",
	}
	if p.migrate {
		lines = append(lines, "ExecStartPre=/usr/local/bin/feed migrate")
	}
	lines = append(lines,
		"ExecStart=/usr/local/bin/feed "+p.command,
		"User=feed",
		"DynamicUser=yes",
		"LogsDirectory=newsfeed",
		"StandardOutput=append:"+logPath,
		"Restart=always",
		"RestartSec=2",
		"KillSignal=SIGTERM",
		"TimeoutStartSec=180",
		fmt.Sprintf("TimeoutStopSec=%d", deregistrationSeconds-5),
		"LimitNOFILE=65536",
		"",
		"[Install]",
		"WantedBy=multi-user.target",
		"")
	return strings.Join(lines, "\n")
}

// templateData is userData of an environment that is known only later.
func templateData(args ComputeArgs, logs pulumi.StringInput) pulumi.StringOutput {
	return pulumi.All(logs, args.Roots, args.Environment).ApplyT(func(known []any) (string, error) {
		return userData(process{args.Command, args.Migrate, known[0].(string), known[1].(string)}, known[2].(map[string]string))
	}).(pulumi.StringOutput)
}
