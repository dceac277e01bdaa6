package awserror

import (
	"errors"

	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/transport/http"

	"newsfeed/app"
)

// passing are refusals that end by themselves.
var passing = map[string]bool{
	"Throttling": true, "ThrottlingException": true, "ThrottledException": true, "RequestThrottled": true,
	"TooManyRequestsException": true, "RequestLimitExceeded": true, "SlowDown": true, "ServiceUnavailable": true,
	"RequestTimeout": true,
}

// Judge marks err as refused when the service answered that the request is at
// fault (for want of a permission, by a name that is not): asking again is in
// vain. Throttling, a server's fault and silence pass.
func Judge(err error) error {
	var answer smithy.APIError
	if !errors.As(err, &answer) || answer.ErrorFault() == smithy.FaultServer || passing[answer.ErrorCode()] {
		return err
	}
	var response *http.ResponseError
	if errors.As(err, &response) && response.HTTPStatusCode() >= 500 {
		return err
	}
	return app.Refused(err)
}
