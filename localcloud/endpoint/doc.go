// Package endpoint is the one HTTP address that stands for every AWS service
// of both regions (AWS_ENDPOINT_URL). A request says which service and region
// it is for by its Signature Version 4 scope.
//
// It also holds the AWS JSON protocol, which several services speak.
//
// Not reproduced: signatures are not checked and nobody is refused for who
// they are (no IAM), no throttling, no virtual-hosted bucket names.
package endpoint
