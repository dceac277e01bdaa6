package engine

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"

	"newsfeed/localcloud/cloud"
)

// secrets are drawn once for every local cloud, and go with it. Both stacks
// share the salt: deriving the key takes about a second.
type secrets struct {
	Passphrase string            `json:"passphrase"`     // of the engine's state
	Salt       string            `json:"encryptionsalt"` // as a stack file holds it
	Config     map[string]string `json:"config"`         // ciphertext by config key
}

// openSecrets reads the secrets in file, or draws them.
func openSecrets(file string) (s secrets, err error) {
	raw, err := os.ReadFile(file)
	if err == nil {
		if err := json.Unmarshal(raw, &s); err != nil {
			return s, fmt.Errorf("%s is corrupt: %w; it was left as it is: restore it, or start afresh with 'localcloud down --force'", file, err)
		}
		return s, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	if s, err = drawSecrets(); err != nil {
		return s, err
	}
	if raw, err = json.Marshal(s); err != nil {
		return s, err
	}
	return s, cloud.WriteFile(file, raw)
}

// drawSecrets encrypts as the engine's passphrase provider does: the engine's
// own command would take the values as arguments, for every process to see.
func drawSecrets() (secrets, error) {
	s := secrets{Passphrase: rand.Text(), Config: map[string]string{}}
	salt := make([]byte, 8)
	rand.Read(salt)
	ctx := context.Background()
	crypter := config.NewSymmetricCrypterFromPassphrase(s.Passphrase, salt)
	check, err := crypter.EncryptValue(ctx, "pulumi")
	if err != nil {
		return s, err
	}
	s.Salt = fmt.Sprintf("v1:%s:%s", base64.StdEncoding.EncodeToString(salt), check)
	for _, key := range []string{"databasePassword", "cacheToken"} {
		if s.Config[namespace+key], err = crypter.EncryptValue(ctx, rand.Text()); err != nil {
			return s, err
		}
	}
	return s, nil
}
