package secretsmanager

import (
	"context"
	"errors"

	"newsfeed/localcloud/endpoint"
)

// permitted returns a secret that the caller may take the action on, and use the
// key of. Who may not, does not learn whether there is one. The actions of KMS are
// those of the KMS developer guide, services-secrets-manager.
func (s *Service) permitted(ctx context.Context, action, region, id string, key ...string) (*secret, error) {
	sec, missing := s.find(region, id)
	arn := id
	if missing == nil {
		arn = sec.ARN
	}
	if err := permit(ctx, action, arn); err != nil {
		return nil, err
	}
	if missing != nil {
		return nil, missing
	}
	var denied *endpoint.Denied
	err := endpoint.PermitKey(ctx, arn, key...)
	if errors.As(err, &denied) { // that is all it says (external-secrets 390)
		return nil, endpoint.Errorf("AccessDeniedException", "Access to KMS is not allowed")
	}
	return sec, err
}

func permit(ctx context.Context, action, arn string) error {
	err := endpoint.Permit(ctx, "secretsmanager:"+action, arn, nil)
	var denied *endpoint.Denied
	if errors.As(err, &denied) {
		return endpoint.Errorf("AccessDeniedException", "%s", denied.Error())
	}
	return err
}
