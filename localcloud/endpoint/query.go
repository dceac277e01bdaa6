package endpoint

import (
	"bytes"
	"context"
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// QueryOperation is one operation of a service that speaks the AWS query
// protocol: a form in, a value to encode as XML out. A nil value is an empty
// answer.
type QueryOperation func(ctx context.Context, region string, form url.Values) (any, error)

// TypedQuery makes an operation of a function over its input and output shapes:
// structs whose fields are named as the API's. A pointer or a slice is nil when
// it is not given. A parameter that In lacks is refused, so that nothing that a
// caller asked for is passed over in silence.
func TypedQuery[In, Out any](f func(ctx context.Context, region string, in *In) (*Out, error)) QueryOperation {
	return func(ctx context.Context, region string, form url.Values) (any, error) {
		in := new(In)
		if err := decodeForm(form, in); err != nil {
			return nil, err
		}
		out, err := f(ctx, region, in)
		if out == nil {
			return nil, err
		}
		return out, err
	}
}

// ServeQuery answers a request of the AWS query protocol from operations by
// their action. Namespace is the XML namespace of the service's answers.
func ServeQuery(w http.ResponseWriter, r *http.Request, region, namespace string,
	operations map[string]QueryOperation) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		WriteError(w, r, Errorf("MalformedQueryString", "request: %v", err))
		return
	}
	action := r.Form.Get("Action")
	operation, ok := operations[action]
	if !ok {
		WriteError(w, r, Errorf("InvalidAction", "Could not find operation %s: the local cloud does not have it", action))
		return
	}
	out, err := operation(r.Context(), region, r.Form)
	if err != nil {
		WriteError(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	w.Write(envelope(action, namespace, out))
}

// envelope wraps an answer as the protocol does.
func envelope(action, namespace string, out any) []byte {
	var b bytes.Buffer
	b.WriteString("<" + action + `Response xmlns="` + namespace + `">`)
	if out != nil {
		writeElement(&b, action+"Result", out)
	}
	b.WriteString("<ResponseMetadata><RequestId>" + uuid.NewString() + "</RequestId></ResponseMetadata>")
	b.WriteString("</" + action + "Response>")
	return b.Bytes()
}

func text(b *bytes.Buffer, name, value string) {
	b.WriteString("<" + name + ">")
	xml.EscapeText(b, []byte(value))
	b.WriteString("</" + name + ">")
}

// scalar is how the protocol writes a value that is no structure and no list.
func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case time.Time:
		return v.UTC().Format("2006-01-02T15:04:05.000Z"), true
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case int:
		return strconv.Itoa(v), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	}
	return "", false
}
