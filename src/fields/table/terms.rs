//! Values of the table that other parts speak of too, as types. A test compares them with the lists.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::lists;
use crate::fields::field::{Choice, Label};

// `tt`, not `literal`: the schema derive does not see through the latter, and would name the variants.
macro_rules! terms {
    ($($(#[$doc:meta])* $name:ident of $list:ident { $($variant:ident = $value:tt,)+ })+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
            pub enum $name {
                $(#[serde(rename = $value)] $variant,)+
            }

            impl $name {
                /// In the order of the table.
                pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

                /// What goes over the wire.
                pub const fn name(self) -> &'static str {
                    match self { $(Self::$variant => $value,)+ }
                }

                pub fn parse(name: &str) -> Option<Self> {
                    Self::ALL.iter().copied().find(|term| term.name() == name)
                }

                /// What people read.
                pub fn label(self) -> Label {
                    Self::choices()[self as usize].label
                }

                pub(crate) fn choices() -> &'static [Choice] {
                    lists::$list
                }
            }
        )+
    };
}

terms! {
    /// What an inspection looks at.
    Topic of TOPIC {
        Decisions = "decisions",
        PlanTasks = "plan_tasks",
        TargetedPractice = "targeted_practice",
        InstitutionalInnovation = "institutional_innovation",
        Difficulties = "difficulties",
    }
    /// How an inspection is done.
    VisitMethod of METHOD {
        RandomCheck = "random_check",
        SiteVisit = "site_visit",
        Symposium = "symposium",
        DocumentReview = "document_review",
        Hearing = "hearing",
        Feedback = "feedback",
    }
    /// Where an inspection is done.
    Level of LEVEL {
        Household = "household",
        Village = "village",
        County = "county",
    }
    /// The contiguous poor areas of Sichuan.
    Area of AREA {
        Qinba = "qinba",
        Wumeng = "wumeng",
        LiangshanYi = "liangshan_yi",
        PlateauTibetan = "plateau_tibetan",
    }
    /// Whose teams inspect a county.
    Leads of LEADS {
        Provincial = "provincial",
        Prefecture = "prefecture",
    }
}

#[cfg(test)]
mod tests {
    use super::{Area, Leads, Level, Topic, VisitMethod};

    macro_rules! they_are_the_lists {
        ($($name:ident)+) => {
            $(
                let values: Vec<_> = $name::choices().iter().map(|choice| choice.value).collect();
                assert_eq!($name::ALL.iter().map(|term| term.name()).collect::<Vec<_>>(), values);
                assert!($name::ALL.iter().all(|term| serde_json::to_value(term).unwrap() == term.name()));
            )+
        };
    }

    #[test]
    fn they_are_the_lists() {
        they_are_the_lists!(Topic VisitMethod Level Area Leads);
        assert_eq!(Level::parse("village").map(|level| level.label().zh), Some("村"));
        assert_eq!(Area::parse("plains"), None);
    }
}
