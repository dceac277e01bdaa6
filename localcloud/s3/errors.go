package s3

import (
	"encoding/xml"
	"net/http"

	"newsfeed/localcloud/endpoint"
)

func failure(status int, code, message string) *endpoint.Error {
	return &endpoint.Error{Status: status, Code: code, Message: message}
}

var (
	errNoBucket     = failure(404, "NoSuchBucket", "The specified bucket does not exist")
	errNoKey        = failure(404, "NoSuchKey", "The specified key does not exist.")
	errPrecondition = failure(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	errDigest       = failure(400, "BadDigest", "The Content-MD5 or checksum you specified did not match what we received.")
	errContent      = failure(400, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.")
	errIncomplete   = failure(400, "IncompleteBody", "The request body terminated unexpectedly")
	errChunk        = failure(400, "InvalidChunkSizeError", "The aws-chunked body is not well formed")
	errUnsigned     = failure(403, "AccessDenied", "Access Denied: the request is not signed, and the local cloud's buckets are private: presign the URL")
	errExpired      = failure(403, "AccessDenied", "Request has expired")
	errRange        = failure(416, "InvalidRange", "The requested range is not satisfiable")
	errLongKey      = failure(400, "KeyTooLongError", "Your key is too long")
	errNoMethod     = failure(501, "NotImplemented", "The local cloud does not have this operation of S3")
)

func answer(w http.ResponseWriter, status int, v any) {
	content, err := xml.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	w.Write(append([]byte(xml.Header), content...))
}
