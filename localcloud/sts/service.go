package sts

import (
	"context"
	"net/http"

	"newsfeed/localcloud/endpoint"
)

// Service answers for every region. It must be behind a guard.
type Service struct{}

// ServeAWS implements endpoint.Service.
func (Service) ServeAWS(w http.ResponseWriter, r *http.Request, region string) {
	endpoint.ServeQuery(w, r, region, "https://sts.amazonaws.com/doc/2011-06-15/", map[string]endpoint.QueryOperation{
		"GetCallerIdentity": endpoint.TypedQuery(callerIdentity),
	})
}

type identity struct{ Arn, UserId, Account string }

// callerIdentity needs no permission (STS API, GetCallerIdentity).
func callerIdentity(ctx context.Context, _ string, _ *struct{}) (*identity, error) {
	is := endpoint.CallerOf(ctx).Identity()
	return &identity{is.ARN, is.UserID, is.Account}, nil
}
