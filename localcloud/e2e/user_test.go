package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

// user is a person with an account, on the internet.
type user struct {
	t         *testing.T
	url       string // of the front door, or of a region
	client    *http.Client
	ID, token string
}

var internet = &http.Client{Timeout: 10 * time.Second}

// signUp makes an account.
func signUp(t *testing.T, url, name string) *user {
	t.Helper()
	u := &user{t: t, url: url, client: internet}
	var made struct {
		User  struct{ ID string }
		Token string
	}
	u.must(http.StatusCreated, "POST", "/v1/users", map[string]any{"name": name, "password": "correct horse battery"}, &made)
	u.ID, u.token = made.User.ID, made.Token
	return u
}

// in is the same person, who goes to a region by its own name.
func (u *user) in(c *aCloud, stack string) *user {
	there := *u
	there.url, there.client = "https://"+stack+"."+c.serve.Domain, c.world()
	return &there
}

// befriend sends a request, which other accepts.
func (u *user) befriend(other *user) {
	u.t.Helper()
	u.must(http.StatusCreated, "POST", "/v1/friend-requests", map[string]any{"user_id": other.ID}, nil)
	other.must(http.StatusNoContent, "POST", "/v1/friend-requests/"+u.ID+"/accept", nil, nil)
}

// post publishes a text story and returns its id.
func (u *user) post(body string) string {
	u.t.Helper()
	var story struct{ ID string }
	u.must(http.StatusCreated, "POST", "/v1/stories", map[string]any{"kind": "text", "body": body}, &story)
	return story.ID
}

// feed reads the first page: the bodies, newest first.
func (u *user) feed() ([]string, error) {
	var page struct{ Stories []struct{ Body string } }
	status, err := u.do("GET", "/v1/feed", nil, &page)
	if err != nil || status != http.StatusOK {
		return nil, fmt.Errorf("feed: status %d: %w", status, err)
	}
	var bodies []string
	for _, s := range page.Stories {
		bodies = append(bodies, s.Body)
	}
	return bodies, nil
}

func (u *user) must(want int, method, path string, in, out any) {
	u.t.Helper()
	if status, err := u.do(method, path, in, out); err != nil || status != want {
		u.t.Fatalf("%s %s: status %d, want %d: %v", method, path, status, want, err)
	}
}

// get returns whatever the answer is.
func (u *user) get(path string) (status int, body string, err error) {
	resp, err := u.client.Get(u.url + path)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header.Get("Server") + " " + string(raw), err
}

func (u *user) do(method, path string, in, out any) (int, error) {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return 0, err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, u.url+path, body)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	if u.token != "" {
		req.Header.Set("Authorization", "Bearer "+u.token)
	}
	resp, err := u.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return resp.StatusCode, err
	}
	if resp.StatusCode >= 400 {
		return resp.StatusCode, fmt.Errorf("%s", raw)
	}
	if out == nil {
		return resp.StatusCode, nil
	}
	return resp.StatusCode, json.Unmarshal(raw, out)
}
