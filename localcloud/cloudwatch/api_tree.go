package cloudwatch

import (
	"math"
	"reflect"
	"time"
)

// JSON and CBOR write a time as seconds since 1970, and structures as trees of
// maps, lists, texts, numbers and truths.

// datedMembers are the members of requests that are times.
var datedMembers = map[string]bool{"Timestamp": true, "StartTime": true, "EndTime": true, "StartDate": true,
	"EndDate": true}

// dated makes times of the numbers that are.
func dated(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, member := range v {
			if seconds, isNumber := member.(float64); isNumber && datedMembers[name] {
				whole, part := math.Modf(min(max(seconds, 0), 1<<35))
				out[name] = time.Unix(int64(whole), int64(part*1e9)).UTC()
			} else {
				out[name] = dated(member)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = dated(item)
		}
		return out
	}
	return v
}

// epoch is a time in JSON.
func epoch(at time.Time) any { return float64(at.UnixMilli()) / 1000 }

// treeOf makes a tree of an answer; what is nil is left out.
func treeOf(answer any, ofTime func(time.Time) any) any {
	v := reflect.ValueOf(answer)
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	if at, isTime := v.Interface().(time.Time); isTime {
		return ofTime(at)
	}
	switch v.Kind() {
	case reflect.Struct:
		out := map[string]any{}
		for i := range v.NumField() {
			field := v.Field(i)
			if kind := field.Kind(); (kind == reflect.Pointer || kind == reflect.Slice || kind == reflect.Map) && field.IsNil() {
				continue
			}
			out[v.Type().Field(i).Name] = treeOf(field.Interface(), ofTime)
		}
		return out
	case reflect.Slice:
		out := make([]any, v.Len())
		for i := range out {
			out[i] = treeOf(v.Index(i).Interface(), ofTime)
		}
		return out
	case reflect.Map:
		out := map[string]any{}
		for _, key := range v.MapKeys() {
			out[key.String()] = treeOf(v.MapIndex(key).Interface(), ofTime)
		}
		return out
	case reflect.String:
		return v.String()
	}
	return v.Interface()
}
