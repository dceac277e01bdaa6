package infra

import (
	"path/filepath"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The programs of lambdas/, as make names their binaries.
const (
	slackProgram = "slackalarm"
	watchProgram = "watchdog"
)

// bootstrap is what Lambda starts of the code of a custom runtime.
const bootstrap = "bootstrap"

// functionArgs is what a Lambda function needs.
type functionArgs struct {
	program     string // of those above
	directory   string // that holds it
	description string
	seconds     int // that one invocation may take
	environment pulumi.StringMap
	may         []Statement // beside its logs, its key and its dead letters
	dead        *sqs.Queue  // for what failed for good; nil: it is forgotten
	secrets     *Secrets
}

// function makes a Lambda function, its log group and its role. No concurrency
// is reserved for it: a new account has no more than ten to give, and refuses.
func (s *scope) function(role string, args functionArgs) *lambda.Function {
	logs := add(s, role+"-logs", cloudwatch.NewLogGroup, logGroup(s, role, args.secrets))
	may := append(args.may,
		Statement{Sid: "Logs", Actions: []string{"logs:CreateLogStream", "logs:PutLogEvents"}, Resources: one(pulumi.Sprintf("%s:*", logs.Arn))},
		Statement{Sid: "Key", Actions: []string{"kms:Decrypt", "kms:GenerateDataKey"}, Resources: one(args.secrets.Key.Arn)})
	in := &lambda.FunctionArgs{
		Description:   pulumi.String(args.description),
		Runtime:       pulumi.String("provided.al2023"),
		Architectures: pulumi.ToStringArray([]string{"arm64"}),
		Handler:       pulumi.String(bootstrap),
		// Names and dates are not part of it: the same program is the same archive.
		Code: pulumi.NewAssetArchive(map[string]any{
			bootstrap: pulumi.NewFileAsset(filepath.Join(args.directory, args.program))}),
		Timeout:     pulumi.Int(args.seconds),
		MemorySize:  pulumi.Int(128),
		KmsKeyArn:   args.secrets.Key.Arn, // of the environment
		Environment: lambda.FunctionEnvironmentArgs{Variables: args.environment},
		// As text: CloudWatch reads metrics from what a program prints.
		LoggingConfig: lambda.FunctionLoggingConfigArgs{LogFormat: pulumi.String("Text"), LogGroup: logs.Name},
		Tags:          named(s, role),
	}
	if args.dead != nil {
		in.DeadLetterConfig = lambda.FunctionDeadLetterConfigArgs{TargetArn: args.dead.Arn}
		may = append(may, Statement{Sid: "Dead", Actions: []string{"sqs:SendMessage"}, Resources: one(args.dead.Arn)})
	}
	is := s.role(role+"-role", "lambda.amazonaws.com")
	in.Role = is.Arn
	// Lambda refuses a dead-letter queue that the role may not write to yet.
	allowed := add(s, role+"-may", iam.NewRolePolicy, &iam.RolePolicyArgs{Role: is.Name, Policy: policy(may...)})
	return add(s, role, lambda.NewFunction, in, pulumi.DependsOn([]pulumi.Resource{allowed}))
}

// invokes lets one thing of an AWS service invoke the function, and nothing
// else of it: without the ARN, anybody's topic or rule could.
func (s *scope) invokes(role, service string, arn pulumi.StringInput, f *lambda.Function) *lambda.Permission {
	return add(s, role, lambda.NewPermission, &lambda.PermissionArgs{
		Action:    pulumi.String("lambda:InvokeFunction"),
		Function:  f.Name,
		Principal: pulumi.String(service),
		SourceArn: arn,
	})
}
