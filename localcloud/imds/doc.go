// Package imds is the EC2 instance metadata service, version 2, of each instance:
// which instance it is, and the credentials of its role. On AWS it is at
// 169.254.169.254; here each instance has a listener on its own address, which the
// SDKs and the AWS CLI find by AWS_EC2_METADATA_SERVICE_ENDPOINT.
//
// A request without a session token is refused (httpTokens: required).
//
// Not reproduced: that only the instance itself reaches it, the hop limit, user
// data, tags, the Availability Zone and most of the metadata's tree, the signature
// of the instance identity document.
package imds
