// Command rollout releases a build of the app and rolls the groups of a stack to
// what it declares. `make release` and `make deploy` run it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"gopkg.in/yaml.v3"

	"newsfeed/infra"
	"newsfeed/infra/rollout"
)

type commands struct {
	Release releaseCommand `cmd:"" help:"Upload a build to every region, and pin it in the stack files."`
	Roll    rollCommand    `cmd:"" help:"Roll a stack's groups to what it declares; the output runs comes on standard input."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	command := kong.Parse(&commands{}, kong.Name("rollout"), kong.UsageOnError())
	command.BindTo(ctx, (*context.Context)(nil))
	if err := command.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "rollout "+command.Command()+":", err)
		stop()
		os.Exit(1)
	}
}

type releaseCommand struct {
	Project string `help:"Directory with Pulumi.yaml and the stack files." default:"." type:"path"`
	Binary  string `help:"The feed binary, of linux/arm64." default:".local/bin/arm64/feed" type:"path"`
	Name    string `help:"Of the release, for people: a commit or a version." required:""`
	Image   string `help:"The AMI of the instances: newest, or one for all; by default each stack keeps its own."`
}

// newestImage is the public parameter that names the newest Amazon Linux 2023.
const newestImage = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"

// Run uploads first and pins last: a stack file never names what is not there.
func (c releaseCommand) Run(ctx context.Context) error {
	binary, err := rollout.OpenBinary(c.Binary)
	if err != nil {
		return err
	}
	project, stacks, err := readProject(c.Project)
	if err != nil {
		return err
	}
	pins := map[string]map[string]string{}
	for file, region := range stacks {
		sdk, err := config.LoadDefaultConfig(ctx, config.WithRegion(region))
		if err != nil {
			return err
		}
		who, err := sts.NewFromConfig(sdk).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err != nil {
			return fmt.Errorf("%s: whose account this is: %w", region, err)
		}
		bucket := infra.ArtifactsBucket(project, aws.ToString(who.Account), region)
		objects := s3.NewFromConfig(sdk, func(o *s3.Options) { o.UsePathStyle = sdk.BaseEndpoint != nil })
		sent, err := binary.Upload(ctx, objects, bucket)
		if err != nil {
			return fmt.Errorf("%s: %w", region, err)
		}
		fmt.Printf("%s: %s is in s3://%s%s\n", region, infra.ReleaseKey(binary.Digest), bucket, map[bool]string{false: ", and was"}[sent])
		pins[file] = map[string]string{"release": string(binary.Release(c.Name))}
		if pins[file]["image"], err = c.image(ctx, sdk); err != nil {
			return fmt.Errorf("%s: %w", region, err)
		}
		if pins[file]["image"] == "" {
			delete(pins[file], "image")
		}
	}
	for file, keys := range pins {
		if err := rollout.Pin(file, keys); err != nil {
			return err
		}
	}
	fmt.Println("pinned in the stack files: commit them, then make deploy STACK=... brings it to the instances")
	return nil
}

// image is the AMI to pin, "" to keep the stack's own.
func (c releaseCommand) image(ctx context.Context, sdk aws.Config) (string, error) {
	if c.Image != "newest" {
		return c.Image, nil
	}
	out, err := ssm.NewFromConfig(sdk).GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(newestImage)})
	if err != nil {
		return "", fmt.Errorf("the newest image: %w", err)
	}
	return aws.ToString(out.Parameter.Value), nil
}

// readProject returns the project's name, and the region of each stack file.
func readProject(dir string) (name string, stacks map[string]string, err error) {
	var project struct{ Name string }
	if err := readYAML(filepath.Join(dir, "Pulumi.yaml"), &project); err != nil {
		return "", nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "Pulumi.*.yaml"))
	if err != nil || len(files) == 0 {
		return "", nil, errors.Join(err, fmt.Errorf("no stack file in %s", dir))
	}
	stacks = map[string]string{}
	for _, file := range files {
		var stack struct{ Config map[string]any }
		if err := readYAML(file, &stack); err != nil {
			return "", nil, err
		}
		region, _ := stack.Config["aws:region"].(string)
		if region == "" {
			return "", nil, fmt.Errorf("%s: aws:region is not set", file)
		}
		stacks[file] = region
	}
	return project.Name, stacks, nil
}

func readYAML(file string, into any) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

type rollCommand struct {
	Stack  string `arg:"" help:"Name of the stack."`
	Region string `help:"Of the stack." required:""`
	Urgent bool   `help:"In an incident: end another refresh, let no alarm judge, do not bake."`
}

// Run rolls the groups side by side; one that is rejected does not stop another.
func (c rollCommand) Run(ctx context.Context) error {
	raw, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	if strings.TrimSpace(string(raw)) == "" {
		fmt.Printf("%s has no groups of instances: nothing to roll\n", c.Stack)
		return nil
	}
	targets, err := rollout.ReadTargets(raw)
	if err != nil {
		return err
	}
	sdk, err := config.LoadDefaultConfig(ctx, config.WithRegion(c.Region))
	if err != nil {
		return err
	}
	return rollout.All(ctx, targets, rollout.Roll{Groups: autoscaling.NewFromConfig(sdk), Urgent: c.Urgent, Log: os.Stdout})
}
