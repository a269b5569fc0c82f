//! The forms of the campaign of 2015, one for each level: every server has them, as version 1.

use super::definition::Definition;
use std::sync::LazyLock;

/// As they were published: they never change. What is to be asked otherwise is another version.
pub static DEFAULTS: LazyLock<[Definition; 3]> = LazyLock::new(|| {
    [
        include_str!("defaults/household.json"),
        include_str!("defaults/village.json"),
        include_str!("defaults/county.json"),
    ]
    .map(|text| match serde_json::from_str(text) {
        Ok(definition) => definition,
        // Compiled in, and tried by a test.
        Err(error) => unreachable!("a form that came with the server: {error}"),
    })
});

#[cfg(test)]
mod tests {
    use super::DEFAULTS;
    use crate::fields::{Level, Topic};
    use crate::insight::forms::{Definition, Form};
    use crate::insight::sampling::document::digest;

    #[test]
    fn there_is_one_for_each_level_with_every_topic_and_both_languages() {
        assert_eq!(DEFAULTS.each_ref().map(|form| form.level), [Level::Household, Level::Village, Level::County]);
        for definition in DEFAULTS.iter() {
            assert_eq!(definition.form, definition.level.name());
            let topics: Vec<Topic> = definition.sections.iter().filter_map(|section| section.topic).collect();
            assert_eq!(topics, Topic::ALL, "{}", definition.form);
            let compiled = Form::compile(definition).unwrap_or_else(|faults| panic!("{}: {faults:?}", definition.form));
            assert!(compiled.questions() > 30, "{}", definition.form);
            let mut texts = vec![&definition.title];
            for section in &definition.sections {
                texts.extend([&section.title, section.emphasis.as_ref().expect("an emphasis")]);
            }
            for question in definition.questions() {
                texts.push(&question.label);
                texts.extend(question.hint.iter().chain(&question.constraint_message));
                texts.extend(question.choices.iter().map(|choice| &choice.label));
                assert_eq!(question.constraint.is_some(), question.constraint_message.is_some(), "{}", question.name);
            }
            assert!(texts.iter().all(|text| text.zh.is_some() && text.en.is_some()), "{}", definition.form);
        }
    }

    #[test]
    fn what_was_published_never_changes() {
        let digest = |definition: &Definition| digest(definition)[..8].to_owned();
        assert_eq!(DEFAULTS.each_ref().map(digest), ["87464320", "60ce3573", "1b051230"]);
    }
}
