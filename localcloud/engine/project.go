package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"newsfeed/localcloud/cloud"
)

// Project is a copy of the project's stack files, made fit for this machine.
type Project struct {
	Dir    string // holds Pulumi.yaml and Pulumi.<stack>.yaml; never written
	Local  string // the local cloud's directory
	Binary string // the feed binary that the instances run

	Name   string
	Stacks []Stack // a stack comes after its peer

	secrets  secrets
	declared map[string]any // the config keys of Pulumi.yaml
}

// Stack is what is known of a stack from its file.
type Stack struct {
	Name   string
	Region string
	Peer   string // the stack whose outputs it reads; empty for a primary
	Domain string
	Zone   string   // name of the hosted zone
	ZoneID string   // what Route 53 calls it
	CIDR   string   // of its network
	Keys   []string // of its config

	Secrets map[string]string // ciphertext by config key; its key is not here
}

const namespace = "newsfeed:"

// Load reads the project in dir.
func Load(dir, local, binary string) (*Project, error) {
	p := &Project{Dir: dir, Local: local, Binary: binary}
	var project struct {
		Name   string         `yaml:"name"`
		Config map[string]any `yaml:"config"`
	}
	if err := readYAML(filepath.Join(dir, "Pulumi.yaml"), &project); err != nil {
		return nil, err
	}
	p.Name, p.declared = project.Name, project.Config
	files, err := filepath.Glob(filepath.Join(dir, "Pulumi.*.yaml"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		stack, err := readStack(file)
		if err != nil {
			return nil, err
		}
		p.Stacks = append(p.Stacks, stack)
	}
	if len(p.Stacks) == 0 {
		return nil, fmt.Errorf("no stack in %s: want Pulumi.seoul.yaml and Pulumi.tokyo.yaml", dir)
	}
	// One that reads no other comes first.
	slices.SortStableFunc(p.Stacks, func(a, b Stack) int { return len(a.Peer) - len(b.Peer) })
	return p, nil
}

func readStack(file string) (Stack, error) {
	name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "Pulumi."), ".yaml")
	var settings struct {
		Config map[string]any `yaml:"config"`
	}
	if err := readYAML(file, &settings); err != nil {
		return Stack{}, err
	}
	text := func(key string) string { s, _ := settings.Config[key].(string); return s }
	s := Stack{Keys: slices.Sorted(maps.Keys(settings.Config)), Name: name, Region: text("aws:region"), Domain: text(namespace + "domain"),
		Zone: text(namespace + "zone"), ZoneID: text(namespace + "zoneId"),
		Secrets: map[string]string{}}
	for key, value := range settings.Config {
		if ciphertext, secret := secure(value); secret {
			s.Secrets[key] = ciphertext
		}
	}
	network, _ := settings.Config[namespace+"network"].(map[string]any)
	s.CIDR, _ = network["cidr"].(string)
	if text(namespace+"role") == "standby" {
		s.Peer = text(namespace + "peer")
	}
	return s, nil
}

func readYAML(file string, into any) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// distinct refuses networks that overlap before any of them is made: the stacks
// by themselves see each other only once the first is up.
func (p *Project) distinct() error {
	for i, a := range p.Stacks {
		for _, b := range p.Stacks[:i] {
			x, errX := netip.ParsePrefix(a.CIDR)
			y, errY := netip.ParsePrefix(b.CIDR)
			if errX == nil && errY == nil && x.Overlaps(y) {
				return fmt.Errorf("newsfeed:network.cidr: %s of %s overlaps %s of %s: give one of them another block in its Pulumi.<stack>.yaml, then 'make up'",
					a.CIDR, a.Name, b.CIDR, b.Name)
			}
		}
	}
	return nil
}

// workDir is where the overlaid copy lives.
func (p *Project) workDir() string { return filepath.Join(p.Local, "work") }

func (p *Project) secretsFile() string { return filepath.Join(p.workDir(), "secrets.json") }

// Overlay writes the copy that the engine reads: the stack files with the
// values of this machine over theirs.
func (p *Project) Overlay() error {
	if err := os.MkdirAll(p.workDir(), 0o700); err != nil {
		return err
	}
	var err error
	if p.secrets, err = openSecrets(p.secretsFile()); err != nil {
		return err
	}
	settings := map[string]any{}
	if err := readYAML(filepath.Join(p.Dir, "Pulumi.yaml"), &settings); err != nil {
		return err
	}
	delete(settings, "main") // the program is inline
	raw, err := yaml.Marshal(settings)
	if err != nil {
		return err
	}
	if err := cloud.WriteFile(filepath.Join(p.workDir(), "Pulumi.yaml"), raw); err != nil {
		return err
	}
	for _, stack := range p.Stacks {
		if err := p.overlayStack(stack.Name); err != nil {
			return err
		}
	}
	return nil
}

func (p *Project) overlayStack(name string) error {
	file := "Pulumi." + name + ".yaml"
	settings := map[string]any{}
	if err := readYAML(filepath.Join(p.Dir, file), &settings); err != nil {
		return err
	}
	config, _ := settings["config"].(map[string]any)
	if config == nil {
		config = map[string]any{}
	}
	image, pinned := config[namespace+"image"].(string)
	if !pinned {
		image = anyImage
	}
	for key, value := range map[string]func() (string, error){
		"release":   p.Release,
		"image":     func() (string, error) { return image, nil },
		"artifact":  func() (string, error) { return p.Binary, nil },
		"functions": func() (string, error) { return filepath.Dir(p.Binary), nil }, // make puts them side by side
	} {
		if _, declared := p.declared[namespace+key]; !declared { // not by every commit there ever was
			continue
		}
		var err error
		if config[namespace+key], err = value(); err != nil {
			return err
		}
	}
	settings["config"] = config
	for key, value := range config {
		if _, secret := secure(value); !secret {
			continue
		}
		if !p.text(key) {
			delete(config, key)
			continue
		}
		ciphertext, err := p.secrets.encrypt(unreadable)
		if err != nil {
			return err
		}
		config[key] = map[string]any{"secure": ciphertext}
	}
	for key, ciphertext := range p.secrets.Config {
		config[key] = map[string]any{"secure": ciphertext}
	}
	delete(settings, "encryptionsalt")
	settings["secretsprovider"], settings["encryptedkey"] = secretsProvider, wrappedKey
	raw, err := yaml.Marshal(settings)
	if err != nil {
		return err
	}
	return cloud.WriteFile(filepath.Join(p.workDir(), file), raw)
}

// anyImage stands for the AMI of a stack that has none yet: nothing of it is used
// here, but another one is another template.
const anyImage = "ami-00000000000000000"

// Release is what instances run here: the binary of this machine, as the program
// knows it.
func (p *Project) Release() (string, error) {
	file, err := os.Open(p.Binary)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return "local@sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}

// unreadable stands for every secret of the committed files, which can't be
// read here, so that what a secret switches on is there; those that the local
// cloud uses are drawn. It is an address, because some must be one, of a name
// that resolves nowhere.
const unreadable = "https://secret.invalid/"

// secure returns the ciphertext of a config value that is a secret.
func secure(value any) (ciphertext string, secret bool) {
	object, _ := value.(map[string]any)
	ciphertext, secret = object["secure"].(string)
	return ciphertext, secret
}

// text says whether a config key is declared as text.
func (p *Project) text(key string) bool {
	declared, _ := p.declared[key].(map[string]any)
	return declared["type"] == "string"
}
