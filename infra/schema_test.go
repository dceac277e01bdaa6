package infra

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// schema is what the AWS provider knows of the inputs of each type. It is the
// file by which the local cloud's provider checks every `make up`.
//
// It stands in for the compiler where a resource is registered by its token and
// a plain map. Names further down are not in it: the golden plans hold those, as
// the SDK's own argument types once wrote them.
var schema = sync.OnceValue(func() map[string]map[string]knownInput {
	raw, err := os.ReadFile(filepath.Join("..", "localcloud", "provider", "facts", "aws-types.json"))
	if err != nil {
		panic(err)
	}
	var file struct {
		Types map[string]struct{ Inputs map[string]knownInput }
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		panic(err)
	}
	inputs := map[string]map[string]knownInput{}
	for token, known := range file.Types {
		inputs[token] = known.Inputs
	}
	return inputs
})

// knownInput is one input property; Type is that of the SDK's argument.
type knownInput struct {
	Type     string
	Required bool
}

// misfit tells an input that the type does not have, has as another kind of
// value, or needs and does not get.
func misfit(_ string, r planned) string {
	if r.Type == "pulumi:providers:aws" {
		return ""
	}
	inputs, known := schema()[r.Type]
	if !known {
		return "is of a type that the schema does not have"
	}
	for key, value := range r.Inputs {
		if in, known := inputs[key]; !known {
			return key + " is no input of it"
		} else if !in.holds(value) {
			return fmt.Sprintf("%s is %v, not a %s", key, value, in.Type)
		}
	}
	for key, in := range inputs {
		if _, given := r.Inputs[key]; in.Required && !given {
			return key + " is missing"
		}
	}
	return ""
}

// holds says whether value is of the input's kind.
func (in knownInput) holds(value any) (fits bool) {
	if v, marked := value.(secret); marked {
		value = v.value
	}
	switch {
	case in.Type == "interface{}":
		return true
	case in.Type == "string", strings.HasPrefix(in.Type, "pulumi."): // an asset, which is its hash in a plan
		_, fits = value.(string)
	case in.Type == "bool":
		_, fits = value.(bool)
	case in.Type == "int", in.Type == "float64":
		_, fits = value.(float64)
	case strings.HasPrefix(in.Type, "[]"):
		_, fits = value.([]any)
	default:
		_, fits = value.(map[string]any)
	}
	return fits
}
