package endpoint

import (
	"bytes"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// How the query protocol writes structures: a form key is a path
// (Preferences.AlarmSpecification.Alarms.member.1), an element of an answer's
// list is called member.

// decodeForm sets the fields of the struct that in points to.
func decodeForm(form url.Values, in any) error {
	for _, key := range slices.Sorted(maps.Keys(form)) {
		if key == "Action" || key == "Version" || strings.HasPrefix(key, "X-Amz-") {
			continue
		}
		if err := set(reflect.ValueOf(in).Elem(), strings.Split(key, "."), form.Get(key)); err != nil {
			err.Message = "parameter " + key + ": " + err.Message
			return err
		}
	}
	return nil
}

// maxMembers bounds a list in a request.
const maxMembers = 1000

// set puts value where path leads from v.
func set(v reflect.Value, path []string, value string) *Error {
	switch {
	case v.Kind() == reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		return set(v.Elem(), path, value)
	case len(path) == 0:
		return setScalar(v, value)
	case v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[time.Time]():
		field := v.FieldByName(path[0])
		if !field.IsValid() {
			return Errorf("ValidationError", "the local cloud does not have it")
		}
		return set(field, path[1:], value)
	case v.Kind() == reflect.Slice && len(path) > 1 && path[0] == "member":
		n, err := strconv.Atoi(path[1])
		if err != nil || n < 1 || n > maxMembers {
			return Errorf("MalformedQueryString", "%q is no member of the list", path[1])
		}
		for v.Len() < n {
			v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
		}
		return set(v.Index(n-1), path[2:], value)
	}
	return Errorf("MalformedQueryString", "it is no structure and no list")
}

func setScalar(v reflect.Value, value string) *Error {
	var err error
	switch v.Interface().(type) {
	case string:
		v.SetString(value)
	case bool:
		var b bool
		b, err = strconv.ParseBool(value)
		v.SetBool(b)
	case int:
		var n int64
		n, err = strconv.ParseInt(value, 10, 64)
		v.SetInt(n)
	case float64:
		var f float64
		f, err = strconv.ParseFloat(value, 64)
		v.SetFloat(f)
	case time.Time:
		var at time.Time
		at, err = time.Parse(time.RFC3339, value)
		v.Set(reflect.ValueOf(at))
	default:
		if v.Kind() != reflect.Slice || value != "" { // an empty list is sent as an empty value
			return Errorf("MalformedQueryString", "%q is no value for it", value)
		}
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	}
	if err != nil {
		return Errorf("MalformedInput", "%v", err)
	}
	return nil
}

// writeElement encodes a value under a name; a nil one is left out.
func writeElement(b *bytes.Buffer, name string, value any) {
	v := reflect.ValueOf(value)
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	if s, ok := scalar(v.Interface()); ok {
		text(b, name, s)
		return
	}
	b.WriteString("<" + name + ">")
	switch v.Kind() {
	case reflect.Slice:
		for i := range v.Len() {
			writeElement(b, "member", v.Index(i).Interface())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() {
				writeElement(b, field.Name, v.Field(i).Interface())
			}
		}
	case reflect.String: // a named type, such as a status
		b.WriteString(v.String())
	}
	b.WriteString("</" + name + ">")
}
