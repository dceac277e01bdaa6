// Package rollout brings a release to the instances: it uploads the binary to every
// region, pins it in the stack files, and rolls the groups to what `pulumi up`
// declared, truly back if that is bad. An `up` itself replaces no instance: the
// version that a group runs belongs to AWS, and only an instance refresh moves it.
//
// It talks to S3, STS, SSM and Auto Scaling by the AWS SDK; the endpoint is all that
// differs between AWS and the local cloud.
package rollout
