package secretsmanager

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"newsfeed/localcloud/endpoint"
)

var errNotFound = endpoint.Errorf("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")

type input struct {
	SecretID           string `json:"SecretId"`
	VersionID          string `json:"VersionId"`
	VersionStage       string
	ClientRequestToken string
	SecretString       *string
	SecretBinary       []byte
	VersionStages      []string
}

type valueOutput struct {
	ARN           string
	Name          string
	VersionID     string   `json:"VersionId"`
	SecretString  *string  `json:",omitempty"`
	SecretBinary  []byte   `json:",omitempty"`
	VersionStages []string `json:",omitempty"`
	CreatedDate   float64  `json:",omitempty"`
}

func epoch(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func (s *Service) getSecretValue(ctx context.Context, region string, in *input) (*valueOutput, error) {
	sec, err := s.permitted(ctx, "GetSecretValue", region, in.SecretID, "kms:Decrypt")
	if err != nil {
		return nil, err
	}
	stage := in.VersionStage
	var v *version
	if in.VersionID != "" {
		v = sec.version(in.VersionID)
		if v != nil && stage != "" && !slices.Contains(v.Stages, stage) {
			return nil, endpoint.Errorf("InvalidRequestException", "You provided a VersionStage that is not associated to the provided VersionId.")
		}
	} else {
		if stage == "" {
			stage = current
		}
		v = sec.staged(stage)
	}
	if v == nil {
		return nil, endpoint.Errorf("ResourceNotFoundException",
			"Secrets Manager can't find the specified secret value for staging label: %s", stage)
	}
	return &valueOutput{sec.ARN, sec.Name, v.ID, v.String, v.Binary, v.Stages, epoch(v.Created)}, nil
}

func (s *Service) putSecretValue(ctx context.Context, region string, in *input) (*valueOutput, error) {
	if (in.SecretString == nil) == (len(in.SecretBinary) == 0) {
		return nil, endpoint.Errorf("InvalidParameterException", "You must provide either SecretString or SecretBinary, and not both.")
	}
	sec, err := s.permitted(ctx, "PutSecretValue", region, in.SecretID, "kms:GenerateDataKey", "kms:Decrypt")
	if err != nil {
		return nil, err
	}
	v := &version{ID: in.ClientRequestToken, String: in.SecretString, Binary: in.SecretBinary, Stages: in.VersionStages, Created: time.Now().UTC()}
	if v.ID == "" {
		v.ID = uuid.NewString()
	}
	if len(v.Stages) == 0 {
		v.Stages = []string{current}
	}
	err = s.change(region, sec.ARN, func(sec *secret) error {
		if old := sec.version(v.ID); old != nil {
			if !old.same(v) {
				return endpoint.Errorf("ResourceExistsException", "You can't use ClientRequestToken %s because that value is already in use for a version of secret %s.", v.ID, sec.ARN)
			}
			v = old
			return nil
		}
		sec.add(v)
		return nil
	})
	return &valueOutput{ARN: sec.ARN, Name: sec.Name, VersionID: v.ID, VersionStages: v.Stages}, err
}

type description struct {
	ARN                string
	Name               string
	Description        string `json:",omitempty"`
	CreatedDate        float64
	LastChangedDate    float64
	VersionIDsToStages map[string][]string `json:"VersionIdsToStages,omitempty"`
}

type listedSecret struct {
	description
	SecretVersionsToStages map[string][]string
}

type listOutput struct{ SecretList []listedSecret }

func (s *secret) describe() description {
	d := description{ARN: s.ARN, Name: s.Name, Description: s.Description, CreatedDate: epoch(s.Created), LastChangedDate: epoch(s.Changed),
		VersionIDsToStages: map[string][]string{}}
	for _, v := range s.Versions {
		d.VersionIDsToStages[v.ID] = v.Stages
	}
	return d
}

func (s *Service) describeSecret(ctx context.Context, region string, in *input) (*description, error) {
	sec, err := s.permitted(ctx, "DescribeSecret", region, in.SecretID)
	if err != nil {
		return nil, err
	}
	d := sec.describe()
	return &d, nil
}

func (s *Service) listSecrets(ctx context.Context, region string, _ *input) (*listOutput, error) {
	if err := permit(ctx, "ListSecrets", "*"); err != nil {
		return nil, err
	}
	out := &listOutput{SecretList: []listedSecret{}}
	for _, sec := range s.declared() {
		if sec.Region == region {
			d := listedSecret{description: sec.describe()}
			d.SecretVersionsToStages, d.VersionIDsToStages = d.VersionIDsToStages, nil
			out.SecretList = append(out.SecretList, d)
		}
	}
	return out, nil
}
