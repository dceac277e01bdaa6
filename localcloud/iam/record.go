package iam

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"newsfeed/localcloud/cloud"
)

// Types of the record that are read here.
const (
	roleType       = "aws:iam/role:Role"
	rolePolicyType = "aws:iam/rolePolicy:RolePolicy"
	attachmentType = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	profileType    = "aws:iam/instanceProfile:InstanceProfile"
	keyType        = "aws:kms/key:Key"
	aliasType      = "aws:kms/alias:Alias"
	queueType      = "aws:sqs/queue:Queue"
	queuePolicy    = "aws:sqs/queuePolicy:QueuePolicy"
	bucketPolicy   = "aws:s3/bucketPolicy:BucketPolicy"
	encryptionType = "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"
	secretType     = "aws:secretsmanager/secret:Secret"
	secretPolicy   = "aws:secretsmanager/secretPolicy:SecretPolicy"
	topicPolicy    = "aws:sns/topicPolicy:TopicPolicy"
)

// record is what the program declared of permissions, ready to be evaluated.
type record struct {
	roles     map[string]*role  // by name
	profiles  map[string]string // name of the role, by ARN and by name of the profile
	resources map[string]*document
	keys      map[string]string // ARN of a key, by what names it
	encrypted map[string]encryption
	broken    map[string]error // policies that can't be evaluated, by role's name or resource's ARN
}

type role struct {
	name, arn, id string
	trust         *document
	policies      []identityPolicy
}

// encryption is the key that encrypts a resource.
type encryption struct {
	key       string // as the program named it
	region    string
	bucketKey bool // of S3: one data key for the whole bucket
}

// read reads the store. Documents that were parsed before are taken from known.
func read(store *cloud.Store, known map[string]*document) *record {
	r := &record{roles: map[string]*role{}, profiles: map[string]string{}, resources: map[string]*document{},
		keys: map[string]string{}, encrypted: map[string]encryption{}, broken: map[string]error{}}
	document := func(of, text string) *document {
		if d := known[text]; d != nil || text == "" {
			return d
		}
		d, err := parse(text)
		if err != nil {
			r.broken[of] = fmt.Errorf("%s: %w", of, err)
			return nil
		}
		known[text] = d
		return d
	}
	all := store.All()
	for _, x := range all {
		if x.Type == roleType {
			name := x.String("name")
			r.roles[name] = &role{name: name, arn: x.String("arn"), id: x.String("uniqueId"),
				trust: document(name, text(x, "assumeRolePolicy"))}
		}
	}
	for _, x := range all {
		r.readIdentity(x, document)
		r.readResource(x, document)
	}
	return r
}

// readIdentity reads what belongs to a role.
func (r *record) readIdentity(x *cloud.Resource, document func(of, text string) *document) {
	name := x.String("role")
	switch x.Type {
	case rolePolicyType:
		r.grant(name, x.String("name"), document(name, text(x, "policy")))
	case attachmentType:
		arn := x.String("policyArn")
		written, err := managedPolicy(arn)
		if err != nil {
			r.broken[name] = err
			return
		}
		r.grant(name, path.Base(arn), document(name, written))
	case profileType:
		r.profiles[x.String("arn")], r.profiles[x.String("name")] = name, name
	}
}

func (r *record) grant(to, policy string, d *document) {
	if is := r.roles[to]; is != nil && d != nil {
		is.policies = append(is.policies, identityPolicy{policy, d})
	}
}

// readResource reads what says who may use a resource, or which key encrypts it.
func (r *record) readResource(x *cloud.Resource, document func(of, text string) *document) {
	attach := func(arn, property string) {
		if d := document(arn, text(x, property)); d != nil {
			r.resources[arn] = d
		}
	}
	switch x.Type {
	case queuePolicy:
		attach(queueARN(x.Region, x.String("queueUrl")), "policy")
	case bucketPolicy:
		attach("arn:aws:s3:::"+x.String("bucket"), "policy")
	case secretPolicy:
		attach(x.String("secretArn"), "policy")
	case topicPolicy:
		attach(x.String("arn"), "policy")
	case queueType:
		attach(x.String("arn"), "policy")
		r.encrypt(x.String("arn"), encryption{key: x.String("kmsMasterKeyId"), region: x.Region})
	case secretType:
		attach(x.String("arn"), "policy")
		r.encrypt(x.String("arn"), encryption{key: x.String("kmsKeyId"), region: x.Region})
	case encryptionType:
		r.encryptBucket(x)
	case keyType:
		attach(x.String("arn"), "policy")
		for _, name := range []string{x.String("arn"), x.Region + x.ID} {
			r.keys[name] = x.String("arn")
		}
	case aliasType:
		key := x.String("targetKeyId")
		if !strings.HasPrefix(key, "arn:") {
			key = strings.TrimSuffix(x.String("arn"), x.String("name")) + "key/" + key
		}
		r.keys[x.String("arn")], r.keys[x.Region+x.String("name")] = key, key
	}
}

func (r *record) encrypt(arn string, with encryption) {
	if with.key != "" {
		r.encrypted[arn] = with
	}
}

func (r *record) encryptBucket(x *cloud.Resource) {
	var rules []struct {
		ApplyServerSideEncryptionByDefault struct{ KmsMasterKeyID string }
		BucketKeyEnabled                   bool
	}
	arn := "arn:aws:s3:::" + x.String("bucket")
	if err := x.Decode("rules", &rules); err != nil {
		r.broken[arn] = err
	}
	for _, rule := range rules {
		r.encrypt(arn, encryption{rule.ApplyServerSideEncryptionByDefault.KmsMasterKeyID, x.Region, rule.BucketKeyEnabled})
	}
}

// policyOf returns the policy of the resource: an object has its bucket's.
func (r *record) policyOf(arn string) (*document, error) {
	return r.resources[owner(arn)], r.broken[owner(arn)]
}

// owner is the ARN of what has policy and key: of an S3 object, its bucket.
func owner(arn string) string {
	if strings.HasPrefix(arn, "arn:aws:s3:::") {
		arn, _, _ = strings.Cut(arn, "/")
	}
	return arn
}

func queueARN(region, url string) string {
	parts := strings.Split(url, "/")
	if len(parts) < 2 {
		return url
	}
	return "arn:aws:sqs:" + region + ":" + parts[len(parts)-2] + ":" + parts[len(parts)-1]
}

// text is a document that may be declared as JSON or as an object.
func text(x *cloud.Resource, property string) string {
	if v, isObject := x.Outputs[property].(map[string]any); isObject {
		raw, _ := json.Marshal(v) // it came from JSON
		return string(raw)
	}
	return x.String(property)
}
