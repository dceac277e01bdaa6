package iam_test

import (
	"strings"
	"testing"
)

const (
	sends   = `{"Statement": {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "` + queue + `"}}`
	noSends = `{"Statement": {"Effect": "Deny", "Action": "sqs:SendMessage", "Resource": "*"}}`
)

// by is a policy of the queue with that effect for a principal.
func by(effect, principal string) string {
	return `{"Statement": [{"Effect": "` + effect + `", "Principal": ` + principal + `, "Action": "sqs:*", "Resource": "` + queue + `"}]}`
}

const (
	allowed       = ""
	noIdentity    = "because no identity-based policy allows the sqs:SendMessage action"
	identityDeny  = "with an explicit deny in an identity-based policy"
	resourceDeny  = "with an explicit deny in a resource-based policy"
	noKeyPolicy   = "because no resource-based policy allows the kms:Decrypt action"
	noKeyIdentity = "because no identity-based policy allows the kms:Decrypt action"
)

// Sources: the IAM user guide's pages, by the end of their address after
// reference_policies_.
func TestOneAccount(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		identity, resource string
		want               string
		source             string
	}{
		"nothing allows it":                   {"", "", noIdentity, "evaluation-logic: by default, all requests are implicitly denied"},
		"the identity's policy is enough":     {sends, "", allowed, "evaluation-logic_policy-eval-basics"},
		"the resource's policy is enough":     {"", by("Allow", `{"AWS": "`+role+`"}`), allowed, "evaluation-logic_policy-eval-basics"},
		"either may deny: the identity's":     {noSends, by("Allow", `"*"`), identityDeny, "evaluation-logic_AccessPolicyLanguage_Interplay"},
		"either may deny: the resource's":     {sends, by("Deny", `"*"`), resourceDeny, "evaluation-logic_AccessPolicyLanguage_Interplay"},
		"a session is its role":               {"", by("Allow", `{"AWS": "arn:aws:sts::000000000000:assumed-role/web/i-1"}`), allowed, "elements_principal: role session principals"},
		"another session is not":              {"", by("Allow", `{"AWS": "arn:aws:sts::000000000000:assumed-role/web/i-2"}`), noIdentity, "elements_principal"},
		"the account's principal delegates":   {"", by("Allow", `{"AWS": "arn:aws:iam::000000000000:root"}`), noIdentity, "elements_principal: this delegates authority to the account"},
		"a denied account is everybody in it": {sends, by("Deny", `{"AWS": "000000000000"}`), resourceDeny, "none: the stricter reading"},
		"another account's is not ours":       {sends, by("Deny", `{"AWS": "111111111111"}`), allowed, "elements_principal"},
		"a service is no role":                {"", by("Allow", `{"Service": "ec2.amazonaws.com"}`), noIdentity, "elements_principal: AWS service principals"},
		"NotPrincipal spares who it names":    {sends, strings.Replace(by("Deny", `{"AWS": ["`+role+`", "000000000000"]}`), "Principal", "NotPrincipal", 1), allowed, "elements_notprincipal"},
		"NotPrincipal hits all others":        {sends, strings.Replace(by("Deny", `{"AWS": "arn:aws:iam::000000000000:role/x"}`), "Principal", "NotPrincipal", 1), resourceDeny, "elements_notprincipal"},
		"actions have no case":                {strings.Replace(sends, "SendMessage", "sendMESSAGE", 1), "", allowed, "elements_action: the prefix and the action name are case insensitive"},
		"resources have":                      {strings.Replace(sends, ":jobs", ":Jobs", 1), "", noIdentity, "elements_resource"},
		"* and ? stand for characters":        {strings.NewReplacer("SendMessage", "*Mess?ge", ":jobs", ":j*s").Replace(sends), "", allowed, "elements_resource"},
		"? stands for one":                    {strings.Replace(sends, ":jobs", ":jobs?", 1), "", noIdentity, "elements_resource"},
		"a last * goes beyond colons":         {strings.Replace(sends, queue, "arn:aws:sqs:*", 1), "", allowed, "elements_resource"},
		"NotAction is all other actions":      {strings.NewReplacer(`"Action"`, `"NotAction"`, "SendMessage", "PurgeQueue").Replace(sends), "", allowed, "elements_notaction"},
		"NotAction leaves its own out":        {strings.Replace(sends, `"Action"`, `"NotAction"`, 1), "", noIdentity, "elements_notaction"},
		"NotResource is all other resources":  {strings.NewReplacer(`"Resource"`, `"NotResource"`, ":jobs", ":x").Replace(sends), "", allowed, "elements_notresource"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			a.allow(c.identity)
			a.declare("aws:sqs/queuePolicy:QueuePolicy", url, map[string]any{"queueUrl": url, "policy": c.resource})
			got := said(a.caller().Permit("sqs:SendMessage", queue, nil))
			if !strings.HasSuffix(got, c.want) || (c.want == allowed) != (got == "") {
				t.Errorf("%q, want %q (%s)", got, c.want, c.source)
			}
		})
	}
}

func TestRefusalsAreWordedAsOnAWS(t *testing.T) {
	t.Parallel()
	const want = "User: arn:aws:sts::000000000000:assumed-role/web/i-1 is not authorized to perform: sqs:SendMessage on resource: " +
		queue + " because no identity-based policy allows the sqs:SendMessage action"
	if got := said(newAccount(t).caller().Permit("sqs:SendMessage", queue, nil)); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// Sources: the KMS developer guide's pages key-policies ("Unless the key policy
// explicitly allows it, you cannot use IAM policies to allow access to a KMS
// key"), key-policy-default and conditions-kms.
func TestKeyOfAQueue(t *testing.T) {
	t.Parallel()
	const (
		decrypts = `{"Statement": {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "` + key + `"}}`
		account  = `{"Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Action": "kms:*", "Resource": "*"}}`
		direct   = `{"Statement": {"Effect": "Allow", "Principal": {"AWS": "` + role + `"}, "Action": "kms:Decrypt", "Resource": "*"}}`
	)
	with := func(policy, operator, key, value string) string {
		return strings.Replace(policy, `"Resource"`, `"Condition": {"`+operator+`": {"`+key+`": "`+value+`"}}, "Resource"`, 1)
	}
	for sentence, c := range map[string]struct{ identity, policy, want string }{
		"both are needed":                       {decrypts, account, allowed},
		"the account's alone allows nothing":    {"", account, noKeyIdentity},
		"the identity's alone allows nothing":   {decrypts, `{"Statement": []}`, noKeyPolicy},
		"the key may allow the role itself":     {"", direct, allowed},
		"a key without a policy delegates":      {decrypts, "", allowed},
		"the account may get some actions only": {decrypts, strings.Replace(account, "kms:*", "kms:Encrypt", 1), noKeyPolicy},
		"the key may deny":                      {decrypts, strings.NewReplacer("Allow", "Deny").Replace(direct), resourceDeny},
		"by way of the service":                 {with(decrypts, "StringEquals", "kms:ViaService", "sqs.ap-northeast-2.amazonaws.com"), account, allowed},
		"not by way of another":                 {with(decrypts, "StringEquals", "kms:ViaService", "s3.ap-northeast-2.amazonaws.com"), account, noKeyIdentity},
		"for callers of the account":            {"", with(direct, "StringEquals", "kms:CallerAccount", number), allowed},
		"for what is said to be encrypted":      {with(decrypts, "ArnLike", "kms:EncryptionContext:aws:sqs:arn", queue), account, allowed},
		"not for other things":                  {with(decrypts, "ArnLike", "kms:EncryptionContext:aws:sqs:arn", queue+"2"), account, noKeyIdentity},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			a := newAccount(t)
			a.allow(c.identity)
			a.declare("aws:kms/key:Key", "k1", map[string]any{"arn": key, "keyId": "k1", "policy": c.policy})
			a.declare("aws:kms/alias:Alias", "alias/jobs", map[string]any{"name": "alias/jobs", "targetKeyId": "k1",
				"arn": "arn:aws:kms:ap-northeast-2:000000000000:alias/jobs"})
			for _, name := range []string{key, "k1", "alias/jobs", "arn:aws:kms:ap-northeast-2:000000000000:alias/jobs"} {
				a.declare("aws:sqs/queue:Queue", url, map[string]any{"arn": queue, "kmsMasterKeyId": name})
				got := said(a.caller().PermitKey(queue, "kms:Decrypt"))
				if !strings.HasSuffix(got, c.want) || (c.want == allowed) != (got == "") {
					t.Errorf("key named %s: %q, want %q", name, got, c.want)
				}
			}
		})
	}
}

func TestKeysOfABucket(t *testing.T) {
	t.Parallel()
	for sentence, c := range map[string]struct {
		bucketKey bool
		arn       string
	}{
		"with a key of its own the bucket is what is encrypted (S3 user guide, bucket-key)": {true, "arn:aws:s3:::media"},
		"otherwise each object is": {false, "arn:aws:s3:::media/a/b"},
	} {
		a := newAccount(t)
		a.allow(`{"Statement": {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
			"Condition": {"StringEquals": {"kms:EncryptionContext:aws:s3:arn": "` + c.arn + `"}}}}`)
		a.declare("aws:kms/key:Key", "k1", map[string]any{"arn": key})
		a.declare("aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2", "media", map[string]any{
			"bucket": "media", "rules": []any{map[string]any{"bucketKeyEnabled": c.bucketKey,
				"applyServerSideEncryptionByDefault": map[string]any{"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key}}}})
		if err := a.caller().PermitKey("arn:aws:s3:::media/a/b", "kms:Decrypt"); err != nil {
			t.Errorf("%s: %v", sentence, err)
		}
	}
}

func TestAServiceActsForAResource(t *testing.T) {
	t.Parallel()
	const topic, alarm = "arn:aws:sns:ap-northeast-2:000000000000:alarms", "arn:aws:cloudwatch:ap-northeast-2:000000000000:alarm:cpu"
	a := newAccount(t)
	a.declare("aws:sns/topicPolicy:TopicPolicy", topic, map[string]any{"arn": topic, "policy": `{"Statement": [{"Effect": "Allow",
		"Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": "sns:Publish", "Resource": "` + topic + `",
		"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:*:000000000000:alarm:*"},
			"StringEquals": {"aws:SourceAccount": "000000000000"}}}]}`})
	for sentence, c := range map[string]struct{ service, source, want string }{
		"the one that the topic allows":        {"cloudwatch.amazonaws.com", alarm, ""},
		"not for another resource":             {"cloudwatch.amazonaws.com", strings.Replace(alarm, ":alarm:", ":dash:", 1), "no resource-based policy"},
		"not another service, for nothing can": {"events.amazonaws.com", alarm, "no resource-based policy"},
	} {
		if got := said(a.Service(c.service, c.source).Permit("sns:Publish", topic, nil)); !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: %q", sentence, got)
		}
	}
}

func TestTheOperatorMayDoAllButWhatAResourceDenies(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	_, operator, err := a.Holder("local", "")
	if err != nil || operator.Permit("sqs:PurgeQueue", queue, nil) != nil {
		t.Fatal(operator, err)
	}
	a.declare("aws:sqs/queuePolicy:QueuePolicy", url, map[string]any{"queueUrl": url, "policy": by("Deny", `"*"`)})
	const want = "User: arn:aws:iam::000000000000:user/local is not authorized to perform: sqs:PurgeQueue on resource: " + queue + " " + resourceDeny
	if got := said(operator.Permit("sqs:PurgeQueue", queue, nil)); got != want {
		t.Errorf("%q", got)
	}
}

func TestWhatCannotBeEvaluatedIsNoAllow(t *testing.T) {
	t.Parallel()
	for sentence, policy := range map[string]string{
		"a policy variable":      `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::${aws:username}"}}`,
		"an unknown operator":    `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringSounds": {"aws:userid": "x"}}}}`,
		"a number that is none":  `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"NumericEquals": {"a:b": "x"}}}}`,
		"an effect that is none": `{"Statement": {"Effect": "Maybe", "Action": "*", "Resource": "*"}}`,
		"no JSON":                `Allow everything`,
	} {
		a := newAccount(t)
		a.allow(policy)
		if got := said(a.caller().Permit("sqs:SendMessage", queue, nil)); !strings.HasPrefix(got, "web: policy document: ") {
			t.Errorf("%s: %q", sentence, got)
		}
	}
	a := newAccount(t)
	a.declare("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "x", map[string]any{"role": "web", "policyArn": "arn:aws:iam::aws:policy/Unheard"})
	if got := said(a.caller().Permit("sqs:SendMessage", queue, nil)); !strings.Contains(got, "policy/Unheard: the local cloud does not have it") {
		t.Errorf("an unknown managed policy: %q", got)
	}
}
