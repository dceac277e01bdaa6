package cloud

import (
	"context"
	"encoding/json"
	"maps"
)

// Resource is one resource as the program declared it. Values are plain JSON
// (secrets unwrapped): string, float64, bool, []any, map[string]any.
type Resource struct {
	URN     string         `json:"urn"`
	Type    string         `json:"type"` // Pulumi type token, for instance aws:rds/instance:Instance
	ID      string         `json:"id"`
	Region  string         `json:"region"`
	Inputs  map[string]any `json:"inputs"`
	Outputs map[string]any `json:"outputs"`        // inputs, overlaid with what AWS would compute
	Kept    map[string]int `json:"kept,omitempty"` // what AWS remembers of it and tells nobody
}

// Clone is a copy whose outputs may be set while others read those of r.
func (r *Resource) Clone() *Resource {
	c := *r
	c.Outputs = maps.Clone(r.Outputs)
	return &c
}

// Body gives the resources of one type their life on this machine.
type Body interface {
	// Apply makes the body match r, and returns when it is ready to serve.
	// old is what was there before an update, nil otherwise. It is called
	// again with the recorded resource after a restart and must then find its
	// own data. Computed outputs (an endpoint, say) are set in r.Outputs.
	Apply(ctx context.Context, r, old *Resource) error
	// Remove ends the body and deletes its data; no error when it is gone.
	Remove(ctx context.Context, r *Resource) error
}

// Halter is a body that goes down with its region.
type Halter interface {
	// Halt ends every body of the region at once, as a power cut does: their
	// records and data stay, and Apply brings each back.
	Halt(region string)
}

// String returns the output named key, or "" when it is absent or no string.
func (r *Resource) String(key string) string {
	s, _ := r.Outputs[key].(string)
	return s
}

// Int returns the output named key, or fallback when it is absent or no number.
func (r *Resource) Int(key string, fallback int) int {
	if f, ok := r.Outputs[key].(float64); ok {
		return int(f)
	}
	return fallback
}

// Bool returns the output named key; absent is false.
func (r *Resource) Bool(key string) bool {
	b, _ := r.Outputs[key].(bool)
	return b
}

// Strings returns the output list named key.
func (r *Resource) Strings(key string) []string {
	list, _ := r.Outputs[key].([]any)
	out := make([]string, 0, len(list))
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// Decode reads the output named key into dst by its JSON field names: the way
// to read nested blocks, such as healthCheck or defaultActions. An absent
// output leaves dst as it is.
func (r *Resource) Decode(key string, dst any) error {
	v, ok := r.Outputs[key]
	if !ok || v == nil {
		return nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, dst)
}

// NotReadyError says that a body exists but is not well: it is kept, and the
// next run tries again.
type NotReadyError struct{ Reason error }

func (e *NotReadyError) Error() string { return e.Reason.Error() }
func (e *NotReadyError) Unwrap() error { return e.Reason }
