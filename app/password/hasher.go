package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"

	"newsfeed/app"
)

// Hasher makes and checks password hashes: argon2id with OWASP's parameters for
// 12 MiB. Only as many run at once as there are processors: a flood of sign-ins
// costs neither more memory nor everybody else's requests.
type Hasher struct {
	memory, passes uint32
	slots          chan struct{}
}

// New returns a Hasher. Cheap ones are for tests.
func New(cheap bool) *Hasher {
	h := &Hasher{memory: 12 << 10, passes: 3, slots: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))}
	if cheap {
		h.memory, h.passes = 64, 1
	}
	return h
}

const hashLength = 32

// Hash returns password's hash in the usual text form, parameters included.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, 16)
	rand.Read(salt) // never fails (crypto/rand)
	key, err := h.derive(ctx, password, salt, h.memory, h.passes)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, h.memory, h.passes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key)), nil
}

func (h *Hasher) derive(ctx context.Context, password string, salt []byte, memory, passes uint32) ([]byte, error) {
	wait := time.NewTimer(5 * time.Second)
	defer wait.Stop()
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-wait.C:
		return nil, app.Overload()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(password), salt, passes, memory, 1, hashLength), nil
}

// Matches says whether password is the one that hash was made of. For an empty
// hash (no such user) it takes as long and says no.
func (h *Hasher) Matches(ctx context.Context, password, hash string) (bool, error) {
	var memory, passes uint32
	parts := strings.Split(hash, "$")
	if len(parts) != 6 {
		_, err := h.derive(ctx, password, make([]byte, 16), h.memory, h.passes)
		return false, err
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=1", &memory, &passes); err != nil {
		return false, fmt.Errorf("stored password hash: %w", err)
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, fmt.Errorf("stored password hash: %w", err)
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil {
		return false, fmt.Errorf("stored password hash: %w", err)
	}
	got, err := h.derive(ctx, password, salt, memory, passes)
	return err == nil && subtle.ConstantTimeCompare(got, want) == 1, err
}
