// Package endpoint is the one HTTP address that stands for every AWS service
// of both regions (AWS_ENDPOINT_URL). A request says which service and region
// it is for by its Signature Version 4 scope, which is verified with the secret of
// its key; who signed it is in the context of what the service does for it, and
// the service asks there before it acts.
//
// It also holds the AWS JSON and query protocols, which several services speak.
//
// Not reproduced: the signatures of single chunks in an aws-chunked body (that of
// the request is verified), Signature Version 4A, throttling, virtual-hosted
// bucket names; of the query protocol no lists whose members have a name of their
// own (as in EC2 and RDS).
package endpoint
