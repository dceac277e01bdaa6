package rules

import (
	"maps"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

type object = map[string]any
type list = []any

// mistake is refused, by a property and in words.
type mistake struct {
	typ    string
	inputs object
	path   string
	want   string
}

// mistakes are those of every kind, by their sentences.
func mistakes() map[string]mistake {
	all := maps.Clone(valueMistakes)
	maps.Copy(all, documentMistakes)
	maps.Copy(all, relationMistakes)
	return all
}

func TestEveryMistakeIsRefusedWithItsPath(t *testing.T) {
	t.Parallel()
	for sentence, m := range mistakes() {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			refused := Check(m.typ, "ap-northeast-2", resource.NewPropertyMapFromMap(m.inputs), false)
			for _, f := range refused {
				if f.Path == m.path && strings.Contains(f.Reason, m.want) && strings.HasSuffix(f.Reason, ")") {
					return
				}
			}
			t.Errorf("not refused at %s with %q: %v", m.path, m.want, refused)
		})
	}
}

// What is not known yet may be right, and a secret is never shown.
func TestWhatIsNotKnownPassesAndSecretsStaySecret(t *testing.T) {
	t.Parallel()
	unknown := resource.PropertyMap{"cidrBlock": resource.MakeComputed(resource.NewProperty("")),
		"availabilityZone": resource.MakeComputed(resource.NewProperty(""))}
	if refused := Check("aws:ec2/subnet:Subnet", "ap-northeast-2", unknown, false); len(refused) > 0 {
		t.Errorf("refused: %v", refused)
	}
	hidden := resource.PropertyMap{"policy": resource.MakeSecret(resource.NewProperty("hush"))}
	refused := Check("aws:iam/rolePolicy:RolePolicy", "", hidden, false)
	if len(refused) == 0 || strings.Contains(refused[0].Reason, "hush") {
		t.Errorf("refused: %v", refused)
	}
}

// A replica that was promoted has its user and its name from what was its source.
func TestWhatWasMadeIsNotAskedForWhatMadeIt(t *testing.T) {
	t.Parallel()
	promoted := resource.NewPropertyMapFromMap(object{"instanceClass": "db.m7g.large", "engine": "mysql", "allocatedStorage": 100.0,
		"password": "correct-horse"})
	for made, want := range map[bool]int{true: 0, false: 1} {
		refused := Check("aws:rds/instance:Instance", "ap-northeast-2", promoted, made)
		if len(refused) != want || want > 0 && refused[0].Path != "username" {
			t.Errorf("made %v: refused %v", made, refused)
		}
	}
}
