package infra

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"newsfeed/infra/boot"
)

// launched is the user data of every kind of instance of both stacks, decoded.
func launched(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, stack := range []string{"seoul", "tokyo"} {
		p := mustDeploy(t, stack, nil)
		for _, kind := range []string{"web", "worker"} {
			text, err := base64.StdEncoding.DecodeString(p.Resources[kind+"-template"].Inputs["userData"].(string))
			if err != nil {
				t.Fatal(err)
			}
			all[stack+" "+kind] = string(text)
		}
	}
	return all
}

// written are the files that user data writes.
func written(t *testing.T, userData string) map[string]string {
	t.Helper()
	var config struct {
		WriteFiles []boot.File `yaml:"write_files"`
	}
	if err := yaml.Unmarshal([]byte(userData), &config); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range config.WriteFiles {
		files[f.Path] = f.Content
	}
	return files
}

// cloudInit has cloud-init itself judge user data.
func cloudInit(t *testing.T, userData string) (string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "user-data")
	if err := os.WriteFile(path, []byte(userData), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("cloud-init", "schema", "--config-file", path).CombinedOutput()
	return string(out), err
}

func TestCloudInitTakesTheUserData(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("cloud-init"); err != nil {
		t.Skip("SKIPPED, and so not shown to boot: cloud-init is not installed, make test installs it")
	}
	for instance, text := range launched(t) {
		t.Run(instance, func(t *testing.T) {
			t.Parallel()
			if out, err := cloudInit(t, text); err != nil || !strings.Contains(out, "Valid cloud-config") {
				t.Errorf("%v\n%s", err, out)
			}
			// Cloud-init passes over a module that it does not know.
			var config map[string]any
			if err := yaml.Unmarshal([]byte(text), &config); err != nil || len(config) != 2 || config["write_files"] == nil || config["runcmd"] == nil {
				t.Errorf("%v: modules other than write_files and runcmd", err)
			}
			// EC2 takes 16 KB; another unit must still fit.
			if len(text) > boot.MostBytes*3/4 {
				t.Errorf("user data has %d bytes, near the limit of %d", len(text), boot.MostBytes)
			}
			planted := strings.Replace(text, `permissions: "0644"`, "permissions: 644", 1)
			if out, err := cloudInit(t, planted); err == nil {
				t.Errorf("a mode that is a number goes unseen:\n%s", out)
			}
		})
	}
}

func TestTheAgentTakesItsConfig(t *testing.T) {
	t.Parallel()
	schema, err := jsonschema.NewCompiler().Compile("testdata/agent.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	judge := func(text string) error {
		config, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			return err
		}
		return schema.Validate(config)
	}
	for instance, text := range launched(t) {
		files := written(t, text)
		config := files[boot.AgentConfig]
		if err := judge(config); err != nil {
			t.Errorf("%s: %v\n%s", instance, err, config)
		}
		// What the agent ships is what the unit writes.
		if unit := files["/etc/systemd/system/feed.service"]; !strings.Contains(unit, "StandardOutput=append:"+shipped(t, config)+"\n") {
			t.Errorf("%s: the agent ships %s, to which the unit does not write:\n%s", instance, shipped(t, config), unit)
		}
		for fault, change := range map[string][2]string{
			"a misspelt list of files": {`"collect_list"`, `"collectlist"`},
			"a file without a path":    {`"file_path"`, `"path"`},
			"an interval as text":      {`"metrics_collection_interval": 60`, `"metrics_collection_interval": "60"`},
			"a plugin without metrics": {`"measurement"`, `"measurements"`},
		} {
			if planted := strings.Replace(config, change[0], change[1], 1); planted == config || judge(planted) == nil {
				t.Errorf("%s goes unseen", fault)
			}
		}
	}
}

// shipped is the file that the agent reads.
func shipped(t *testing.T, config string) string {
	t.Helper()
	var agent struct {
		Logs struct {
			Collected struct {
				Files struct {
					List []struct {
						Path string `json:"file_path"`
					} `json:"collect_list"`
				} `json:"files"`
			} `json:"logs_collected"`
		} `json:"logs"`
	}
	if err := json.Unmarshal([]byte(config), &agent); err != nil || len(agent.Logs.Collected.Files.List) != 1 {
		t.Fatalf("%v: want one file in\n%s", err, config)
	}
	return agent.Logs.Collected.Files.List[0].Path
}
