package endpoint

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// fault is what may be wrong with a request's signature, in the words of the three
// protocols. Messages are formats of what with is given.
type fault struct {
	rest, query, json *Error // of S3; of the query protocol; of the JSON protocols
	args              []any
}

func (f fault) Error() string { return f.in(f.query).Error() }

func (f fault) with(args ...any) fault {
	f.args = args
	return f
}

func (f fault) in(e *Error) *Error {
	said := *e
	if strings.Contains(e.Message, "%") {
		said.Message = fmt.Sprintf(e.Message, f.args...)
	}
	return &said
}

// Codes and messages: of S3, API reference, ErrorResponses; of the others, common
// errors of the SQS and IAM API references, and what users report of them
// (aws-sdk-go 249, 4879; aws-sdk-go-v2 1245; ex_aws 220; iamlive 58).
var (
	faultUnsigned = fault{
		rest:  denied("Access Denied"),
		query: forbidden("MissingAuthenticationToken", "Request is missing Authentication Token"),
		json:  bad("MissingAuthenticationTokenException", "Missing Authentication Token"),
	}
	faultIncomplete = fault{
		rest:  bad("AuthorizationHeaderMalformed", "The authorization header that you provided is not valid."),
		query: bad("IncompleteSignature", "The request signature does not conform to AWS standards."),
		json:  bad("IncompleteSignatureException", "The request signature does not conform to AWS standards."),
	}
	faultKey = fault{
		rest:  forbidden("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."),
		query: forbidden("InvalidClientTokenId", "The security token included in the request is invalid."),
		json:  bad("UnrecognizedClientException", "The security token included in the request is invalid."),
	}
	faultToken = fault{
		rest: bad("InvalidToken", "The provided token is malformed or otherwise invalid."), query: faultKey.query, json: faultKey.json}
	faultExpired = fault{
		rest:  bad("ExpiredToken", "The provided token has expired."),
		query: forbidden("ExpiredToken", "The security token included in the request is expired"),
		json:  bad("ExpiredTokenException", "The security token included in the request is expired"),
	}
	faultMismatch = fault{
		rest: forbidden("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. "+
			"Check your key and signing method."),
		query: forbidden("SignatureDoesNotMatch", mismatch), json: bad("InvalidSignatureException", mismatch),
	}
	faultEarly       = skewed("Signature expired: %s is now earlier than %s (%s - 5 min.)")
	faultLate        = skewed("Signature not yet current: %s is still later than %s (%s + 5 min.)")
	faultHeader      = fault{rest: denied("There were headers present in the request which were not signed: %s")}
	faultNoSignature = fault{rest: denied("Access Denied: the form has no signature")}
)

const mismatch = "The request signature we calculated does not match the signature you provided. Check your AWS Secret " +
	"Access Key and signing method. Consult the service documentation for details."

func bad(code, message string) *Error { return &Error{Code: code, Message: message} }

func forbidden(code, message string) *Error {
	return &Error{Code: code, Message: message, Status: http.StatusForbidden}
}

func denied(message string) *Error { return forbidden("AccessDenied", message) }

func skewed(message string) fault {
	return fault{query: forbidden("SignatureDoesNotMatch", message), json: bad("InvalidSignatureException", message),
		rest: forbidden("RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")}
}

// faultOf words what a guard says of a key.
func faultOf(err error) error {
	for known, f := range map[error]fault{ErrUnknownKey: faultKey, ErrInvalidToken: faultToken, ErrExpiredToken: faultExpired} {
		if errors.Is(err, known) {
			return f
		}
	}
	return err
}

// worded is an error as the request's protocol has it. SQS also tells the code that
// it had in the query protocol.
func worded(r *http.Request, service string, err error) error {
	var f fault
	if !errors.As(err, &f) {
		return err
	}
	switch {
	case service == "s3":
		return f.in(f.rest)
	case !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-amz-json"):
		return f.in(f.query)
	case service == "sqs":
		e := f.in(f.json)
		e.Query, e.Status = f.query.Code, f.query.Status
		return e
	}
	return f.in(f.json)
}
