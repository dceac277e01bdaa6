// Package endpoint is the one HTTP address that stands for every AWS service
// of both regions (AWS_ENDPOINT_URL). A request says which service and region
// it is for by its Signature Version 4 scope.
//
// It also holds the AWS JSON and query protocols, which several services speak.
//
// Not reproduced: signatures are not checked and nobody is refused for who
// they are (no IAM), no throttling, no virtual-hosted bucket names; of the query
// protocol no lists whose members have a name of their own (as in EC2 and RDS).
package endpoint
