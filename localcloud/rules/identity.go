package rules

import (
	"regexp"
	"strings"
)

var (
	rolePath    = regexp.MustCompile(`^(/|/[\x21-\x7e]+/)$`)
	roleName    = regexp.MustCompile(`^[\w+=,.@-]{1,64}$`)
	profileName = regexp.MustCompile(`^[\w+=,.@-]{1,128}$`)
	aliasName   = regexp.MustCompile(`^alias/[a-zA-Z0-9/_-]+$`)
	secretName  = regexp.MustCompile(`^[a-zA-Z0-9/_+=.@-]{1,512}$`)
)

// identityRules are of IAM, KMS and Secrets Manager.
var identityRules = map[string][]rule{
	"aws:iam/role:Role": {
		{"a role has a name, a path and a length of its sessions", "IAM API, CreateRole", func(r *declared) {
			name, path := r.text("name"), r.text("path")
			r.require(name == "" || roleName.MatchString(name), "name",
				"is %q, must be at most 64 letters, digits and +=,.@_-", name)
			r.require(path == "" || rolePath.MatchString(path), "path", "is %q, must begin and end with /", path)
			seconds, given := r.number("maxSessionDuration")
			r.require(!given || seconds >= 3600 && seconds <= 43200, "maxSessionDuration",
				"is %v, must be from 3600 to 43200", seconds)
		}},
	},
	"aws:iam/instanceProfile:InstanceProfile": {
		{"a profile has a name and a path", "IAM API, CreateInstanceProfile", func(r *declared) {
			name, path := r.text("name"), r.text("path")
			r.require(name == "" || profileName.MatchString(name), "name",
				"is %q, must be at most 128 letters, digits and +=,.@_-", name)
			r.require(path == "" || rolePath.MatchString(path), "path", "is %q, must begin and end with /", path)
		}},
	},
	"aws:iam/openIdConnectProvider:OpenIdConnectProvider": {
		{"a provider is at an https address", "IAM API, CreateOpenIDConnectProvider", func(r *declared) {
			url := r.text("url")
			r.require(url == "" || strings.HasPrefix(url, "https://"), "url", "is %q, must begin with https://", url)
		}},
	},
	"aws:kms/key:Key": {
		{"a key waits for its end, and turns, within ranges", "KMS API, ScheduleKeyDeletion, EnableKeyRotation", func(r *declared) {
			days, given := r.number("deletionWindowInDays")
			r.require(!given || days >= 7 && days <= 30, "deletionWindowInDays", "is %v, must be from 7 to 30", days)
			turn, given := r.number("rotationPeriodInDays")
			r.require(!given || turn >= 90 && turn <= 2560, "rotationPeriodInDays", "is %v, must be from 90 to 2560", turn)
		}},
	},
	"aws:kms/alias:Alias": {
		{"an alias is one, and not AWS's", "KMS API, CreateAlias", func(r *declared) {
			name := r.text("name")
			r.require(name == "" || aliasName.MatchString(name) && !strings.HasPrefix(name, "alias/aws/"), "name",
				"is %q, must be alias/... and not alias/aws/...", name)
		}},
	},
	"aws:secretsmanager/secret:Secret": {
		{"a secret can be got back for a while, or not at all", "Secrets Manager API, DeleteSecret", func(r *declared) {
			days, given := r.number("recoveryWindowInDays")
			r.require(!given || days == 0 || days >= 7 && days <= 30, "recoveryWindowInDays",
				"is %v, must be 0 or from 7 to 30", days)
			name := r.text("name")
			r.require(name == "" || secretName.MatchString(name), "name",
				"is %q, must be at most 512 letters, digits and /_+=.@-", name)
		}},
	},
	"aws:secretsmanager/secretVersion:SecretVersion": {
		{"a value is a text or bytes, of 64 KiB at most", "Secrets Manager API, PutSecretValue", func(r *declared) {
			r.require(r.count("secretString", "secretBinary") <= 1, "secretString", "is given, and so is secretBinary")
			r.require(len(r.text("secretString")) <= 65536, "secretString", "is [secret], of more than 65536 bytes")
		}},
	},
}
