package iam

import (
	"fmt"
	"strings"

	"newsfeed/localcloud/endpoint"
)

// administrator is the policy of the operator.
var administrator = func() []identityPolicy {
	d, err := parse(`{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`)
	if err != nil {
		panic(err)
	}
	return []identityPolicy{{"AdministratorAccess", d}}
}()

// caller is who signed a request, or a service of AWS. It is an endpoint.Caller.
type caller struct {
	principal
	account  *Account
	kind     string // aws:PrincipalType
	userID   string
	policies []identityPolicy
	broken   error             // why its policies can't be evaluated
	always   map[string]string // condition keys of each of its requests
}

// Service is a service of AWS that acts by itself, such as sns.amazonaws.com, for
// a resource of the account: only a resource's policy lets it.
func (a *Account) Service(name, sourceARN string) endpoint.Caller {
	return &caller{account: a, principal: principal{arn: name, service: name}, kind: "AWSService",
		always: map[string]string{"aws:sourcearn": sourceARN, "aws:sourceaccount": a.Number}}
}

// Identity implements endpoint.Caller.
func (c *caller) Identity() endpoint.Identity {
	return endpoint.Identity{ARN: c.arn, UserID: c.userID, Account: c.principal.account}
}

// Permit implements endpoint.Caller.
func (c *caller) Permit(action, resource string, conditions map[string]string) error {
	return c.permit(action, resource, conditions, false)
}

func (c *caller) permit(action, resource string, conditions map[string]string, isKey bool) error {
	policy, err := c.account.now().policyOf(resource)
	if err == nil {
		err = c.broken
	}
	if err != nil {
		return err
	}
	if isKey && policy == nil {
		policy = defaultKeyPolicy(c.account.Number)
	}
	r := request{who: c.principal, action: action, resource: resource, keys: c.keys(resource, conditions)}
	v := r.evaluate(c.policies, policy, isKey)
	if v.denial != "" {
		return &endpoint.Denied{Caller: c.arn, Action: action, Resource: resource, Reason: v.denial}
	}
	c.account.census.count(v.by)
	return nil
}

// defaultKeyPolicy is that of a key for which none was written (KMS developer
// guide, key-policy-default).
func defaultKeyPolicy(account string) *document {
	return &document{[]statement{{who: &principals{accounts: []string{account}},
		actions: patterns{list: []string{"kms:*"}}, resources: patterns{list: []string{"*"}}}}}
}

// PermitKey implements endpoint.Caller.
func (c *caller) PermitKey(resource string, actions ...string) error {
	r := c.account.now()
	with, encrypted := r.encrypted[owner(resource)]
	if !encrypted || strings.Contains(with.key, "alias/aws/") { // AWS's own: for anybody in the account, by way of the service
		return nil
	}
	key := r.keys[with.key]
	if key == "" {
		key = r.keys[with.region+with.key]
	}
	if key == "" {
		return endpoint.Errorf("KMS.NotFoundException", "Key '%s', which encrypts %s, does not exist", with.key, resource)
	}
	conditions := with.context(resource)
	conditions["kms:calleraccount"] = c.account.Number
	for _, action := range actions {
		if err := c.permit(action, key, conditions, true); err != nil {
			return err
		}
	}
	return nil
}

// context is what a service says when it uses the key: itself, and the
// encryption context, which S3 makes of the bucket alone where that has a key of
// its own (S3 user guide, bucket-key; the others: KMS developer guide, services).
func (e encryption) context(resource string) map[string]string {
	service := strings.Split(resource, ":")[2]
	said := map[string]string{"kms:viaservice": service + "." + e.region + ".amazonaws.com"}
	switch {
	case service == "secretsmanager":
		said["kms:encryptioncontext:secretarn"] = resource
	case e.bucketKey:
		said["kms:encryptioncontext:aws:s3:arn"] = owner(resource)
	default:
		said["kms:encryptioncontext:aws:"+service+":arn"] = resource
	}
	return said
}

// keys are the condition keys of a request: the global ones that can be told here
// (IAM user guide, reference_policies_condition-keys), and the service's own.
func (c *caller) keys(resource string, conditions map[string]string) keys {
	return func(name string) []string {
		for _, from := range []map[string]string{conditions, c.always} {
			if v, ok := from[name]; ok {
				return []string{v}
			}
		}
		value := ""
		switch name {
		case "aws:securetransport":
			value = "true"
		case "aws:principalarn":
			value = c.role
		case "aws:principalaccount":
			value = c.principal.account
		case "aws:principaltype":
			value = c.kind
		case "aws:principalisawsservice":
			value = fmt.Sprint(c.service != "")
		case "aws:userid":
			value = c.userID
		case "aws:resourceaccount":
			value = c.account.Number
		case "aws:currenttime":
			value = c.account.Clock.Now().UTC().Format("2006-01-02T15:04:05Z")
		case "aws:epochtime":
			value = fmt.Sprint(c.account.Clock.Now().Unix())
		case "aws:requestedregion":
			value = strings.Split(resource, ":")[3]
		}
		if value == "" {
			return nil
		}
		return []string{value}
	}
}
