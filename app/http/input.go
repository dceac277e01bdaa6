package http

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"unicode/utf8"

	"newsfeed/app"
)

// maxBody bounds the body of every request: a story of the greatest length with
// every character escaped fits.
const maxBody = 64 << 10

// decode reads the request's JSON body into v: one object, known members only.
func decode(w http.ResponseWriter, r *http.Request, v any) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return &statusError{http.StatusUnsupportedMediaType, "the body must be application/json"}
	}
	raw, err := readBody(w, r)
	if err != nil {
		return err
	}
	if !utf8.Valid(raw) {
		return app.Invalid("body", "is not UTF-8")
	}
	return strict(raw, v)
}

// readBody reads the request's body to its end, which must not be far.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong):
		return nil, &statusError{http.StatusRequestEntityTooLarge, "the body is longer than 64 KiB"}
	case err != nil:
		return nil, app.Invalid("body", "could not be read to its end")
	}
	return raw, nil
}

func strict(raw []byte, v any) error {
	d := json.NewDecoder(&reader{raw})
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		var wrong *json.UnmarshalTypeError
		var known *app.Error
		switch {
		case errors.As(err, &wrong):
			return app.Invalid(wrong.Field, "is a JSON %s: want %s", wrong.Value, jsonName(wrong.Type))
		case errors.As(err, &known):
			return known
		}
		return app.Invalid("body", "is not the JSON object that is expected: %s", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return app.Invalid("body", "goes on after the JSON object")
	}
	return nil
}

// jsonName is how JSON calls what t is decoded from.
func jsonName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Slice:
		return "array"
	case reflect.Int, reflect.Int64:
		return "number"
	}
	return "string"
}

type reader struct{ rest []byte }

func (r *reader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// statusError is a failure of HTTP itself rather than of the product.
type statusError struct {
	status int
	detail string
}

func (e *statusError) Error() string { return e.detail }

// pathID reads an identifier from the path; what is none is not found.
func pathID(r *http.Request, name, what string) (app.ID, error) {
	id, err := app.ParseID(r.PathValue(name))
	if err != nil {
		return id, app.NotFound(what)
	}
	return id, nil
}

// limit reads the page size from the query.
func limit(r *http.Request, standard, most int) (int, error) {
	s := r.URL.Query().Get("limit")
	if s == "" {
		return standard, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > most {
		return 0, app.Invalid("limit", "is %.20q: want 1 to %d", s, most)
	}
	return n, nil
}

// after reads the position from the query of lists in the order of IDs.
func after(r *http.Request) (app.ID, error) {
	c, err := app.ParseCursor(r.URL.Query().Get("cursor"))
	return c.At, err
}

// next is the cursor behind the last of a page that isn't the last one.
func next(last app.ID) *string {
	s := app.Cursor{At: last}.String()
	return &s
}
