package cloudwatch

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"path"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"

	"newsfeed/localcloud/endpoint"
)

// maxRequest is above what PutMetricData takes: 1 MB.
const maxRequest = 2 << 20

// epochTag marks a time (RFC 8949, section 3.4.2).
const epochTag = 1

// serveCBOR answers a request of Smithy's RPC v2 CBOR protocol: the operation is
// the end of the path.
func serveCBOR(w http.ResponseWriter, r *http.Request, region string, operations map[string]operation) {
	out, err := callCBOR(w, r, region, operations)
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	w.Header().Set("Content-Type", "application/cbor")
	if err == nil {
		w.Write(cbor.Encode(cborOf(treeOf(out, func(at time.Time) any { return at }))))
		return
	}
	e := &endpoint.Error{Code: "InternalServiceFault", Message: err.Error(), Status: http.StatusInternalServerError}
	errors.As(err, &e)
	if e.Status == 0 {
		e.Status = http.StatusBadRequest
	}
	w.Header().Set("X-Amzn-Query-Error", e.Code+";Sender")
	w.WriteHeader(e.Status)
	w.Write(cbor.Encode(cbor.Map{"__type": cbor.String(e.Code), "message": cbor.String(e.Message)}))
}

func callCBOR(w http.ResponseWriter, r *http.Request, region string, operations map[string]operation) (any, error) {
	name := path.Base(r.URL.Path)
	o, known := operations[name]
	if !known {
		return nil, endpoint.Errorf("UnknownOperationException", "the local cloud does not have operation %q", name)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		return nil, endpoint.Errorf("SerializationException", "request: %v", err)
	}
	in := map[string]any{}
	if len(body) > 0 {
		decoded, err := cbor.Decode(body)
		if err != nil {
			return nil, endpoint.Errorf("SerializationException", "request: %v", err)
		}
		tree, isMap := treeOfCBOR(decoded).(map[string]any)
		if !isMap {
			return nil, endpoint.Errorf("SerializationException", "request: it is no structure")
		}
		in = tree
	}
	return o.tree(r.Context(), region, in)
}

// treeOfCBOR makes a tree with numbers as float64 and times as seconds.
func treeOfCBOR(v cbor.Value) any {
	switch v := v.(type) {
	case cbor.Map:
		out := map[string]any{}
		for name, member := range v {
			out[name] = treeOfCBOR(member)
		}
		return out
	case cbor.List:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = treeOfCBOR(item)
		}
		return out
	case cbor.String:
		return string(v)
	case cbor.Bool:
		return bool(v)
	case cbor.Uint:
		return float64(v)
	case cbor.NegInt:
		return -float64(v)
	case cbor.Float32:
		return number0(float64(v))
	case cbor.Float64:
		return number0(float64(v))
	case *cbor.Tag:
		return treeOfCBOR(v.Value)
	}
	return nil
}

// number0 is nothing for what JSON has no number for.
func number0(v float64) any {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return v
}

func cborOf(tree any) cbor.Value {
	switch v := tree.(type) {
	case map[string]any:
		out := cbor.Map{}
		for name, member := range v {
			out[name] = cborOf(member)
		}
		return out
	case []any:
		out := make(cbor.List, len(v))
		for i, item := range v {
			out[i] = cborOf(item)
		}
		return out
	case string:
		return cbor.String(v)
	case bool:
		return cbor.Bool(v)
	case int:
		if v < 0 {
			return cbor.NegInt(-v)
		}
		return cbor.Uint(v)
	case float64:
		return cbor.Float64(v)
	case time.Time:
		return &cbor.Tag{ID: epochTag, Value: cbor.Float64(float64(v.UnixMilli()) / 1000)}
	case nil:
		return cbor.Map{}
	}
	panic(fmt.Sprintf("no CBOR for %T", tree))
}
