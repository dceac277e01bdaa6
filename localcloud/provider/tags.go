package provider

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// tagging is what the configuration of one provider says of tags. Every
// provider of a program has its own: the default one, and each explicit one.
type tagging struct {
	defaults struct {
		Tags map[string]string `json:"tags"`
	}
	ignored struct {
		Keys        []string `json:"keys"`
		KeyPrefixes []string `json:"keyPrefixes"`
	}
}

func readTagging(config resource.PropertyMap) (t tagging, err error) {
	for key, block := range map[resource.PropertyKey]any{"defaultTags": &t.defaults, "ignoreTags": &t.ignored} {
		if err := readBlock(config[key], block); err != nil {
			return t, fmt.Errorf("aws:%s: %w: set it as the AWS provider documents it, or remove it", key, err)
		}
	}
	return t, nil
}

// readBlock decodes an object of a provider's configuration. One that comes
// from the stack's config is JSON text; one that the program gave may be an
// object.
func readBlock(value resource.PropertyValue, into any) (err error) {
	var raw []byte
	switch {
	case value.IsNull():
		return nil
	case value.IsString():
		raw = []byte(value.StringValue())
	default:
		if raw, err = json.Marshal(value.Mappable()); err != nil {
			return err
		}
	}
	return json.Unmarshal(raw, into)
}

// all are the tags that a resource gets: its own over the provider's default
// ones, but those that the provider ignores. They are not known before each of
// its own is.
func (t tagging) all(own resource.PropertyValue) resource.PropertyValue {
	if own.ContainsUnknowns() {
		return resource.MakeComputed(resource.NewObjectProperty(resource.PropertyMap{}))
	}
	if own.IsSecret() {
		return resource.MakeSecret(t.all(own.SecretValue().Element))
	}
	merged := resource.PropertyMap{}
	for key, value := range t.defaults.Tags {
		merged[resource.PropertyKey(key)] = resource.NewStringProperty(value)
	}
	if own.IsObject() {
		maps.Copy(merged, own.ObjectValue())
	}
	maps.DeleteFunc(merged, func(key resource.PropertyKey, _ resource.PropertyValue) bool { return t.ignores(string(key)) })
	return resource.NewObjectProperty(merged)
}

func (t tagging) ignores(key string) bool {
	return slices.Contains(t.ignored.Keys, key) ||
		slices.ContainsFunc(t.ignored.KeyPrefixes, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
}

// taggable says whether default tags reach resources of the type: not those
// whose tags are a list of blocks, such as a group of instances.
func (s *schema) taggable() bool { return slices.Contains(s.Outputs, "tagsAll") }

// aboutTags tells the properties whose change makes no new version of anything.
func aboutTags(key resource.PropertyKey) bool {
	return key == "tags" || key == "tagsAll" || resource.IsInternalPropertyKey(key)
}
