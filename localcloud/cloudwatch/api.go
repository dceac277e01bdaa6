package cloudwatch

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"newsfeed/localcloud/endpoint"
)

// operation is one of the API, in each of its protocols.
type operation struct {
	tree  func(ctx context.Context, region string, in map[string]any) (any, error)
	query func(ctx context.Context, region string, form url.Values) (any, error)
}

func typed[In, Out any](f func(ctx context.Context, region string, in *In) (*Out, error)) operation {
	return operation{
		query: endpoint.TypedQuery(f),
		tree: func(ctx context.Context, region string, given map[string]any) (any, error) {
			in := new(In)
			raw, err := json.Marshal(dated(given))
			if err == nil {
				err = json.Unmarshal(raw, in)
			}
			if err != nil {
				return nil, endpoint.Errorf("SerializationException", "request: %v", err)
			}
			return f(ctx, region, in)
		},
	}
}

func (s *Service) api() map[string]operation {
	return map[string]operation{
		"DescribeAlarms":       typed(s.describeAlarms),
		"DescribeAlarmHistory": typed(s.describeAlarmHistory),
		"SetAlarmState":        typed(s.setAlarmState),
		"EnableAlarmActions":   typed(s.enableActions(true)),
		"DisableAlarmActions":  typed(s.enableActions(false)),
		"GetMetricData":        typed(s.getMetricData),
		"GetMetricStatistics":  typed(s.getMetricStatistics),
		"ListMetrics":          typed(s.listMetrics),
		"PutMetricData":        typed(s.putMetricData),
	}
}

const xmlNamespace = "http://monitoring.amazonaws.com/doc/2010-08-01/"

// ServeAWS implements endpoint.Service. CloudWatch speaks three protocols: CBOR
// is what SDKs of 2026 and the AWS CLI from 2.28 prefer, JSON what those from
// 2025 did, the query protocol all before (the service's model in botocore has
// all three).
func (s *Service) ServeAWS(w http.ResponseWriter, r *http.Request, region string) {
	if r.Header.Get("Content-Encoding") == "gzip" { // SDKs compress PutMetricData
		plain, err := gzip.NewReader(r.Body)
		if err != nil {
			endpoint.WriteError(w, r, endpoint.Errorf("SerializationException", "request body: %v", err))
			return
		}
		r.Body, r.ContentLength = plain, -1
	}
	switch operations := s.api(); {
	case r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor":
		serveCBOR(w, r, region, operations)
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-amz-json"):
		byName := map[string]endpoint.Operation{}
		for name, o := range operations {
			byName[name] = o.json
		}
		endpoint.ServeJSON(w, r, region, "1.0", byName)
	default:
		byName := map[string]endpoint.QueryOperation{}
		for name, o := range operations {
			byName[name] = o.query
		}
		endpoint.ServeQuery(w, r, region, xmlNamespace, byName)
	}
}

// json is the operation in the JSON protocol.
func (o operation) json(ctx context.Context, region string, body []byte) (any, error) {
	in := map[string]any{}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, endpoint.Errorf("SerializationException", "request body: %v", err)
	}
	out, err := o.tree(ctx, region, in)
	if err != nil {
		return nil, err
	}
	return treeOf(out, epoch), nil
}
