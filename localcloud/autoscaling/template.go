package autoscaling

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"newsfeed/localcloud/cloud"
	"newsfeed/localcloud/endpoint"
)

const templateType = "aws:ec2/launchTemplate:LaunchTemplate"

// templates keeps the data of every version that a launch template ever had: as
// on AWS, each can be launched for as long as the template exists.
type templates struct{ *Service }

// Apply keeps the version that r is.
func (s templates) Apply(_ context.Context, r, _ *cloud.Resource) error {
	dir := s.templateDir(r.Region, r.ID)
	raw, err := json.Marshal(r.Outputs)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return cloud.WriteFile(filepath.Join(dir, strconv.Itoa(r.Int("latestVersion", 1))+".json"), raw)
}

// Remove forgets every version.
func (s templates) Remove(_ context.Context, r *cloud.Resource) error {
	return os.RemoveAll(s.templateDir(r.Region, r.ID))
}

func (s *Service) templateDir(region, id string) string {
	return filepath.Join(s.Dir, "templates", region+"-"+id)
}

// template is one version of a launch template.
type template struct {
	id, name, instanceType, profile string
	number                          int
	boot                            *boot
}

// resolve finds the version that a reference means now.
func (s *Service) resolve(region string, ref templateRef) (*template, error) {
	r := s.templateNamed(region, ref)
	if r == nil {
		return nil, invalid("You must use a valid fully-formed launch template. The specified launch template, "+
			"with template ID %s, does not exist.", value(ref.LaunchTemplateId)+value(ref.LaunchTemplateName))
	}
	number := r.Int("latestVersion", 1)
	switch version := ref.version(); version {
	case "$Latest":
	case "$Default":
		number = r.Int("defaultVersion", 1)
	default:
		var err error
		if number, err = strconv.Atoi(version); err != nil {
			return nil, invalid("Invalid launch template version: either '$Default', '$Latest', or a numeric version are allowed.")
		}
	}
	return s.readTemplate(r, number)
}

func (s *Service) templateNamed(region string, ref templateRef) *cloud.Resource {
	if ref.LaunchTemplateId != nil {
		return s.Store.Get(region, templateType, *ref.LaunchTemplateId)
	}
	for _, r := range s.Store.List(templateType) {
		if r.Region == region && r.String("name") == value(ref.LaunchTemplateName) {
			return r
		}
	}
	return nil
}

func (s *Service) readTemplate(r *cloud.Resource, number int) (*template, error) {
	raw, err := os.ReadFile(filepath.Join(s.templateDir(r.Region, r.ID), strconv.Itoa(number)+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, invalid("You must use a valid fully-formed launch template. Could not find the specified version %d "+
			"for the launch template with ID %s.", number, r.ID)
	}
	if err != nil {
		return nil, err
	}
	version := &cloud.Resource{ID: r.ID}
	if err := json.Unmarshal(raw, &version.Outputs); err != nil {
		return nil, fmt.Errorf("launch template %s, version %d: %w", r.ID, number, err)
	}
	t := &template{id: r.ID, name: version.String("name"), instanceType: version.String("instanceType"), number: number}
	var profile struct{ Arn, Name string }
	if err := version.Decode("iamInstanceProfile", &profile); err != nil {
		return nil, err
	}
	t.profile = profile.Arn + profile.Name // one of them is given
	if t.boot, err = parseUserData(version.String("userData")); err != nil {
		return nil, fmt.Errorf("launch template %s, version %d: %w", r.ID, number, err)
	}
	return t, nil
}

// invalid is how the service refuses a request.
func invalid(format string, args ...any) error {
	return endpoint.Errorf("ValidationError", format, args...)
}
