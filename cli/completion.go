package cli

import (
	"github.com/spf13/cobra"

	"tocsin/cli/help"
	"tocsin/config"
)

func (a app) completion() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:         "completion bash|zsh|fish|powershell",
		Short:       "Print what your shell needs to complete commands and flags",
		Annotations: map[string]string{help.Order: "91"},
		Long: `bash: source <(tocsin completion bash), in ~/.bashrc, and bash-completion.
zsh:  tocsin completion zsh > "${fpath[1]}/_tocsin", and a new shell.
fish: tocsin completion fish > ~/.config/fish/completions/tocsin.fish`,
		Example:   `source <(tocsin completion bash)`,
		ValidArgs: shells,
		Args: func(c *cobra.Command, args []string) error {
			if err := exactly("SHELL")(c, args); err != nil {
				return err
			}
			if err := config.OneOf(new(string), shells...).Set(args[0]); err != nil {
				return misuse(c, "%w", err)
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			switch args[0] {
			case "bash":
				return c.Root().GenBashCompletionV2(a.stdout, true)
			case "zsh":
				return c.Root().GenZshCompletion(a.stdout)
			case "fish":
				return c.Root().GenFishCompletion(a.stdout, true)
			}
			return c.Root().GenPowerShellCompletionWithDesc(a.stdout)
		},
	}
}
