package http_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"gopkg.in/yaml.v3"

	feedhttp "newsfeed/app/http"
)

// document is the OpenAPI document, and what was seen of it.
type document struct {
	root map[string]any
	mu   sync.Mutex
	seen map[string]bool // "GET /v1/feed 200"
}

func readDocument(t *testing.T) *document {
	t.Helper()
	d := &document{seen: map[string]bool{}}
	if err := yaml.Unmarshal(feedhttp.OpenAPI, &d.root); err != nil {
		t.Fatal(err)
	}
	return d
}

// at follows a path of keys, and references on the way.
func (d *document) at(v any, keys ...string) any {
	v = d.resolve(v)
	for _, k := range keys {
		m, _ := v.(map[string]any)
		v = d.resolve(m[k])
	}
	return v
}

func (d *document) resolve(v any) any {
	m, _ := v.(map[string]any)
	ref, _ := m["$ref"].(string)
	if ref == "" {
		return v
	}
	return d.at(d.root, strings.Split(strings.TrimPrefix(ref, "#/"), "/")...)
}

// operations lists "METHOD path status" of every declared response.
func (d *document) operations() (all []string) {
	for path, item := range d.at(d.root, "paths").(map[string]any) {
		for method, operation := range item.(map[string]any) {
			for status := range d.at(operation, "responses").(map[string]any) {
				all = append(all, strings.ToUpper(method)+" "+path+" "+status)
			}
		}
	}
	slices.Sort(all)
	return all
}

// match finds the path template of a request's path.
func (d *document) match(path string) string {
	got := strings.Split(path, "/")
	for template := range d.at(d.root, "paths").(map[string]any) {
		want := strings.Split(template, "/")
		same := len(want) == len(got)
		for i := 0; same && i < len(want); i++ {
			same = want[i] == got[i] || strings.HasPrefix(want[i], "{")
		}
		if same {
			return template
		}
	}
	return ""
}

// check holds one answer to the document. Paths and methods that it doesn't
// have are answered 404 and 405.
func (d *document) check(method, path string, status int, header http.Header, body []byte) error {
	if !strings.HasPrefix(path, "/v1/") && !strings.HasPrefix(path, "/healthz/") {
		return nil // the page and the document itself
	}
	template := d.match(path)
	operation := d.at(d.root, "paths", template, strings.ToLower(method))
	if template == "" || operation == nil {
		if status == http.StatusNotFound || status == http.StatusMethodNotAllowed {
			return nil
		}
		return fmt.Errorf("%s %s: not in the document, and answered %d", method, path, status)
	}
	name := fmt.Sprintf("%s %s %d", method, template, status)
	response := d.at(operation, "responses", fmt.Sprint(status))
	if response == nil {
		return fmt.Errorf("%s: this status is not in the document: %s", name, body)
	}
	d.mu.Lock()
	d.seen[name] = true
	d.mu.Unlock()
	content, _ := d.at(response, "content").(map[string]any)
	if len(content) == 0 {
		if len(body) > 0 {
			return fmt.Errorf("%s: has a body, the document has none: %s", name, body)
		}
		return nil
	}
	media, ok := content[header.Get("Content-Type")]
	if !ok {
		return fmt.Errorf("%s: content type %q", name, header.Get("Content-Type"))
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, body)
	}
	if err := d.valid(d.at(media, "schema"), v, "body"); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, body)
	}
	return nil
}

// valid checks v against the part of JSON Schema that the document uses.
func (d *document) valid(schema, v any, at string) error {
	s, _ := d.resolve(schema).(map[string]any)
	if enum, ok := s["enum"].([]any); ok && !slices.Contains(enum, v) {
		return fmt.Errorf("%s is %v, not one of %v", at, v, enum)
	}
	if err := validType(s["type"], v, at); err != nil {
		return err
	}
	switch v := v.(type) {
	case string:
		if n, ok := s["minLength"].(int); ok && len(v) < n {
			return fmt.Errorf("%s is too short", at)
		}
	case []any:
		for i, item := range v {
			if err := d.valid(s["items"], item, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	case map[string]any:
		return d.validObject(s, v, at)
	}
	return nil
}

func (d *document) validObject(s, v map[string]any, at string) error {
	required, _ := s["required"].([]any)
	for _, r := range required {
		if _, ok := v[r.(string)]; !ok {
			return fmt.Errorf("%s has no %q", at, r)
		}
	}
	properties, _ := s["properties"].(map[string]any)
	for name, value := range v {
		schema, known := properties[name]
		if !known {
			if schema, known = s["additionalProperties"].(map[string]any); !known {
				return fmt.Errorf("%s has %q, which the document hasn't", at, name)
			}
		}
		if err := d.valid(schema, value, at+"."+name); err != nil {
			return err
		}
	}
	return nil
}

func validType(want, v any, at string) error {
	var names []any
	switch w := want.(type) {
	case nil:
		return nil
	case string:
		names = []any{w}
	case []any:
		names = w
	}
	is := map[string]bool{}
	switch v := v.(type) {
	case nil:
		is["null"] = true
	case bool:
		is["boolean"] = true
	case float64:
		is["number"], is["integer"] = true, v == float64(int64(v))
	case string:
		is["string"] = true
	case []any:
		is["array"] = true
	case map[string]any:
		is["object"] = true
	}
	for _, n := range names {
		if is[n.(string)] {
			return nil
		}
	}
	return fmt.Errorf("%s is a %T, not %v", at, v, want)
}

// checking wraps a handler so that every answer is held to the document.
func (d *document) checking(t *testing.T, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder := httptest.NewRecorder()
		next.ServeHTTP(recorder, r)
		if err := d.check(r.Method, r.URL.Path, recorder.Code, recorder.Header(), recorder.Body.Bytes()); err != nil {
			t.Error(err)
		}
		for k, v := range recorder.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(recorder.Code)
		w.Write(recorder.Body.Bytes())
	})
}
