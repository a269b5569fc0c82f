//! `ruhu user`

use crate::config::{self, Config, DataSettings, ServerSettings};
use crate::setup;
use std::io;
use std::process::ExitCode;
use uuid::Uuid;

/// Add, list and disable users, and reset their passwords
///
/// For the first user, and for those who cannot sign in any more; everything else is done over the API.
#[derive(Debug, clap::Args)]
pub struct User {
    #[command(flatten)]
    data: DataSettings,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Add a user
    #[command(after_help = "Example:\n  ruhu user add province --role provincial --region 51")]
    Add {
        /// The name to sign in with: no blanks
        name: String,
        /// provincial, prefecture or team
        // Checked after standard input is read: who pipes a password in is heard out before they are refused.
        #[arg(long)]
        role: String,
        /// Two digits for the province, four for a prefecture; a team's user takes its team's
        #[arg(
            long,
            value_name = "CODE",
            required_unless_present = "team",
            default_value = "",
            hide_default_value = true
        )]
        region: String,
        /// The team's id, for a team's user
        #[arg(long, value_name = "UUID")]
        team: Option<Uuid>,
        #[command(flatten)]
        password: Password,
    },
    /// List everybody
    List,
    /// Disable a user and end their sign-ins
    Disable {
        /// The name to sign in with
        name: String,
    },
    /// Give a user another password and end their sign-ins
    ResetPassword {
        /// The name to sign in with
        name: String,
        #[command(flatten)]
        password: Password,
    },
}

#[derive(Debug, clap::Args)]
struct Password {
    /// Read the password from the first line of standard input; else one is made and printed
    #[arg(long)]
    password_stdin: bool,
}

impl Password {
    fn get(&self) -> io::Result<String> {
        if !self.password_stdin {
            // 122 random bits.
            return Ok(Uuid::new_v4().simple().to_string());
        }
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        Ok(line.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// Tells a password that was made.
    fn tell(&self, password: &str) {
        if !self.password_stdin {
            println!("password: {password}");
        }
    }
}

impl User {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let config = config::resolve(self.data, ServerSettings::default())?;
        match self.action {
            Action::Add { name, role, region, team, password } => {
                let text = password.get()?;
                let id = setup::add_user(&config, &name, &text, &role, &region, team)?;
                println!("added {name}, {id}");
                password.tell(&text);
            }
            Action::List => list(&config)?,
            Action::Disable { name } => {
                setup::disable_user(&config, &name)?;
                println!("disabled {name}");
            }
            Action::ResetPassword { name, password } => {
                let text = password.get()?;
                setup::reset_password(&config, &name, &text)?;
                println!("{name} has a new password");
                password.tell(&text);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn list(config: &Config) -> anyhow::Result<()> {
    let users = setup::list_users(config)?;
    let width = users.iter().map(|user| user.username.chars().count()).max().unwrap_or_default();
    for user in users {
        let state = if user.disabled_at.is_some() { "disabled" } else { "" };
        let team = user.team.map(|team| team.0.to_string()).unwrap_or_default();
        let line = format!("{:width$}  {:10}  {:4}  {team:36}  {state}", user.username, user.role, user.region);
        println!("{}", line.trim_end());
    }
    Ok(())
}
