package imds

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"path"
	"strconv"
	"sync"
	"time"

	"newsfeed/localcloud/iam"
)

// instance is one instance as its metadata service tells of it.
type instance struct {
	account            Account
	number, region, id string
	addr               netip.Addr
	role               string   // ARN; "": it has none
	secret             [32]byte // by which session tokens are known

	mu   sync.Mutex
	keys iam.Credentials
}

const (
	tokenPath   = "/latest/api/token"
	rolesPath   = "/latest/meta-data/iam/security-credentials/"
	tokenHeader = "X-Aws-Ec2-Metadata-Token"
	ttlHeader   = tokenHeader + "-Ttl-Seconds"
	maxTTL      = 21600 // seconds
)

func (i *instance) handler() http.Handler {
	mux := http.NewServeMux()
	tell := func(path, value string) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, value) })
	}
	tell("/latest/meta-data/instance-id", i.id)
	tell("/latest/meta-data/local-ipv4", i.addr.String())
	tell("/latest/meta-data/placement/region", i.region)
	mux.HandleFunc("GET /latest/dynamic/instance-identity/document", i.document)
	if i.role != "" {
		name := path.Base(i.role)
		tell(rolesPath+"{$}", name)
		mux.HandleFunc("GET "+rolesPath+name, i.credentials)
	}
	asked := http.NewServeMux()
	asked.HandleFunc("PUT "+tokenPath, i.token)
	asked.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if !i.knows(r.Header.Get(tokenHeader)) {
			refuse(w, http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	})
	return asked
}

// token answers as the EC2 user guide has it (instancedata-data-retrieval and
// configuring-IMDS): a PUT that came through a proxy is refused.
func (i *instance) token(w http.ResponseWriter, r *http.Request) {
	ttl, err := strconv.Atoi(r.Header.Get(ttlHeader))
	switch {
	case r.Header.Get("X-Forwarded-For") != "":
		refuse(w, http.StatusForbidden)
	case err != nil || ttl < 1 || ttl > maxTTL:
		refuse(w, http.StatusBadRequest)
	default:
		w.Header().Set(ttlHeader, strconv.Itoa(ttl))
		io.WriteString(w, i.sign(time.Now().Add(time.Duration(ttl)*time.Second)))
	}
}

func refuse(w http.ResponseWriter, status int) { http.Error(w, http.StatusText(status), status) }

// sign makes the token that is good until then.
func (i *instance) sign(until time.Time) string {
	said := binary.BigEndian.AppendUint64(nil, uint64(until.UnixNano()))
	h := hmac.New(sha256.New, i.secret[:])
	h.Write(said)
	return base64.URLEncoding.EncodeToString(h.Sum(said))
}

func (i *instance) knows(token string) bool {
	raw, err := base64.URLEncoding.DecodeString(token)
	if err != nil || len(raw) < 8 {
		return false
	}
	until := time.Unix(0, int64(binary.BigEndian.Uint64(raw)))
	return hmac.Equal([]byte(i.sign(until)), []byte(token)) && time.Now().Before(until)
}

// credentials are a role's, as the service writes them (EC2 user guide,
// instance-metadata-security-credentials).
type credentials struct {
	Code            string
	Message         string `json:",omitempty"`
	LastUpdated     string
	Type            string `json:",omitempty"`
	AccessKeyID     string `json:"AccessKeyId,omitempty"`
	SecretAccessKey string `json:",omitempty"`
	Token           string `json:",omitempty"`
	Expiration      string `json:",omitempty"`
}

func (i *instance) credentials(w http.ResponseWriter, _ *http.Request) {
	keys, err := i.current()
	answer := credentials{Code: "Success", Type: "AWS-HMAC", LastUpdated: stamp(keys.Issued), AccessKeyID: keys.AccessKeyID,
		SecretAccessKey: keys.SecretAccessKey, Token: keys.SessionToken, Expiration: stamp(keys.Expires)}
	var untrusted *iam.TrustError
	if errors.As(err, &untrusted) {
		answer = credentials{Code: "AssumeRoleUnauthorizedAccess", LastUpdated: stamp(time.Now()),
			Message: "EC2 cannot assume the role " + untrusted.Role + "."}
	} else if err != nil {
		answer = credentials{Code: "Failed", LastUpdated: stamp(time.Now()), Message: err.Error()}
	}
	write(w, answer)
}

// current are the role's credentials: new ones when a sixth of their life has
// passed, of six hours one, and so long before the old ones end.
func (i *instance) current() (iam.Credentials, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if life := i.keys.Expires.Sub(i.keys.Issued); life > 0 && time.Since(i.keys.Issued) < life/6 {
		return i.keys, nil
	}
	keys, err := i.account.Credentials(i.role, "ec2.amazonaws.com", i.id)
	i.keys = keys
	return keys, err
}

func (i *instance) document(w http.ResponseWriter, _ *http.Request) {
	write(w, map[string]string{"accountId": i.number, "instanceId": i.id, "region": i.region, "privateIp": i.addr.String(),
		"version": "2017-09-30"})
}

func write(w http.ResponseWriter, v any) {
	content, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		refuse(w, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	w.Write(content)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
