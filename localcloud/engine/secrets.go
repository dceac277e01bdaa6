package engine

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"

	"newsfeed/localcloud/cloud"
)

// secrets are drawn once for every local cloud, and go with it.
type secrets struct {
	Key    []byte            `json:"key"`    // encrypts the values below, and those in the engine's state
	Config map[string]string `json:"config"` // ciphertext by config key
}

// openSecrets reads the secrets in file, or draws them.
func openSecrets(file string) (s secrets, err error) {
	raw, err := os.ReadFile(file)
	if err == nil {
		if err := json.Unmarshal(raw, &s); err != nil {
			return s, fmt.Errorf("%s is corrupt: %w; it was left as it is: restore it, or start afresh with 'localcloud down --force'", file, err)
		}
		if len(s.Key) != config.SymmetricCrypterKeyBytes {
			return s, fmt.Errorf("%s holds no key: this local cloud was made by an older version: start afresh with 'localcloud down --force'", file)
		}
		return s, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	if s, err = drawSecrets(); err != nil {
		return s, err
	}
	return s, s.write(file)
}

func (s secrets) write(file string) error {
	raw, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return cloud.WriteFile(file, raw)
}

// Rotate draws the value of a secret config key anew, for the next run.
func (p *Project) Rotate(key string) error {
	file := p.secretsFile()
	if _, err := os.Stat(file); err != nil {
		return fmt.Errorf("there is no %s yet: 'make up' draws it", key)
	}
	s, err := openSecrets(file)
	if err != nil {
		return err
	}
	if err := s.draw(key); err != nil {
		return err
	}
	return s.write(file)
}

func drawSecrets() (secrets, error) {
	s := secrets{Key: make([]byte, config.SymmetricCrypterKeyBytes), Config: map[string]string{}}
	rand.Read(s.Key)
	for _, key := range []string{"databasePassword", "cacheToken"} {
		if err := s.draw(key); err != nil {
			return s, err
		}
	}
	return s, nil
}

// draw gives a key a new value.
func (s secrets) draw(key string) (err error) {
	s.Config[namespace+key], err = s.encrypt(rand.Text())
	return err
}

// encrypt does what the engine does: the engine's own command would take the
// value as an argument, for every process to see.
func (s secrets) encrypt(value string) (ciphertext string, err error) {
	return config.NewSymmetricCrypter(s.Key).EncryptValue(context.Background(), value)
}
