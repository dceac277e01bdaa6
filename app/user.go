package app

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"unicode"
	"unicode/utf8"
)

// User is a member, as other members see it.
type User struct {
	ID   ID     `json:"id"`
	Name string `json:"name"`
}

// NameKey is the form under which a name is unique: without case.
func NameKey(name string) string { return strings.ToLower(name) }

// CheckName says why name cannot be a user's name, or nil.
func CheckName(name string) error {
	n := utf8.RuneCountInString(name)
	switch {
	case !utf8.ValidString(name):
		return Invalid("name", "is not UTF-8")
	case n < 2 || n > MaxName:
		return Invalid("name", "has %d characters: 2 to %d are allowed", n, MaxName)
	}
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) && !unicode.Is(unicode.Mc, r) && !strings.ContainsRune("._-", r) {
			return Invalid("name", "holds %q: letters, digits, dot, hyphen and underscore are allowed", r)
		}
	}
	return nil
}

// CheckPassword says why password is not accepted, or nil.
func CheckPassword(password string) error {
	switch {
	case !utf8.ValidString(password):
		return Invalid("password", "is not UTF-8")
	case utf8.RuneCountInString(password) < MinPassword:
		return Invalid("password", "is too short: use at least %d characters", MinPassword)
	case len(password) > MaxPassword:
		return Invalid("password", "is too long: use at most %d bytes", MaxPassword)
	}
	return nil
}

// Token is the secret of a session: the user it is for, then 32 random bytes.
// The user is in it so that the cache can be asked before the database.
type Token [48]byte

// NewToken draws a token for user.
func NewToken(user ID) Token {
	var t Token
	copy(t[:], user[:])
	rand.Read(t[16:]) // never fails (crypto/rand)
	return t
}

// ParseToken reads the text form.
func ParseToken(s string) (Token, error) {
	var t Token
	if len(s) != 64 {
		return t, Unauthenticated()
	}
	if n, err := base64.RawURLEncoding.Strict().Decode(t[:], []byte(s)); err != nil || n != len(t) {
		return t, Unauthenticated()
	}
	return t, nil
}

// String is what the client holds.
func (t Token) String() string { return base64.RawURLEncoding.EncodeToString(t[:]) }

// User is whose session it claims to be; only the stores can tell whether it is.
func (t Token) User() ID { return ID(t[:16]) }

// Hash is what the stores keep: from it, nobody gets the token back.
func (t Token) Hash() [32]byte { return sha256.Sum256(t[:]) }
