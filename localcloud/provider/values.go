package provider

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/archive"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"google.golang.org/protobuf/types/known/structpb"
)

var fromWire = plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, SkipNulls: true}

// read decodes properties as the engine sent them, secrets and unknowns kept.
func read(props *structpb.Struct) (resource.PropertyMap, error) {
	return plugin.UnmarshalProperties(props, fromWire)
}

// readPlain decodes properties to be compared: secrets unwrapped.
func readPlain(props *structpb.Struct) (resource.PropertyMap, error) {
	opts := fromWire
	opts.KeepSecrets = false
	return plugin.UnmarshalProperties(props, opts)
}

func write(props resource.PropertyMap) (*structpb.Struct, error) {
	return plugin.MarshalProperties(props, fromWire)
}

// plain turns properties into the JSON values of a record. A file asset
// becomes its path, a text asset its text, an archive the map of its files.
// Internal keys are left out.
func plain(props resource.PropertyMap) (map[string]any, error) {
	out := make(map[string]any, len(props))
	for key, value := range props {
		if resource.IsInternalPropertyKey(key) {
			continue
		}
		v, err := plainValue(value)
		if err != nil {
			return nil, fmt.Errorf("property %s: %w", key, err)
		}
		out[string(key)] = v
	}
	return out, nil
}

func plainValue(value resource.PropertyValue) (any, error) {
	switch {
	case value.IsSecret():
		return plainValue(value.SecretValue().Element)
	case value.IsOutput():
		return plainValue(value.OutputValue().Element)
	case value.IsComputed():
		return nil, fmt.Errorf("its value is not known yet")
	case value.IsAsset() && value.AssetValue().IsPath():
		return value.AssetValue().Path, nil
	case value.IsAsset() && value.AssetValue().IsText():
		return value.AssetValue().Text, nil
	case value.IsArchive() && value.ArchiveValue().IsAssets():
		return plainArchive(value.ArchiveValue())
	case value.IsAsset(), value.IsArchive():
		return nil, fmt.Errorf("only files, text and archives of them are taken here")
	case value.IsArray():
		list := make([]any, 0, len(value.ArrayValue()))
		for _, element := range value.ArrayValue() {
			v, err := plainValue(element)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case value.IsObject():
		return plain(value.ObjectValue())
	}
	return value.V, nil
}

// plainArchive is what each file of an archive is made of, by its name in there.
func plainArchive(a *archive.Archive) (map[string]any, error) {
	files, _ := a.GetAssets()
	out := make(map[string]any, len(files))
	for name, file := range files {
		v, err := plainValue(resource.NewPropertyValue(file))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out[name] = v
	}
	return out, nil
}

// outputs describes a resource to the engine: the inputs as they came, and
// over them what AWS computed. Secret is what the schema calls so, and what
// was so in olds and is kept without being given again.
func outputs(s *schema, inputs resource.PropertyMap, computed map[string]any, olds resource.PropertyMap) resource.PropertyMap {
	out := resource.PropertyMap{}
	for name, value := range computed {
		key := resource.PropertyKey(name)
		out[key] = resource.NewPropertyValue(value)
		if olds[key].IsSecret() {
			out[key] = resource.MakeSecret(out[key])
		}
	}
	for key, value := range inputs {
		if !resource.IsInternalPropertyKey(key) {
			out[key] = value
		}
	}
	for key, value := range out {
		if s.Inputs[key].Secret && !value.IsSecret() {
			out[key] = resource.MakeSecret(value)
		}
	}
	return out
}
