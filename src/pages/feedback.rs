//! The feedback to an inspected county 督查情况反馈: what was done there, and what was found, to be printed and handed over.

use crate::fields::dictionary;
use crate::insight::coverage::County;
use crate::insight::findings::State;
use crate::lang::Lang;
use maud::{DOCTYPE, Markup, html};

/// A finding as it is told to the county.
#[derive(Debug, Clone, Default)]
pub struct Finding {
    pub level: String,
    pub topic: String,
    pub kind: Option<String>,
    pub severity: Option<String>,
    pub title: String,
    pub detail: Option<String>,
    pub responsible: Option<String>,
    /// `YYYY-MM-DD`
    pub due_on: Option<String>,
    pub state: State,
    pub rectification: Option<String>,
}

impl Finding {
    fn is(&self, kind: &str) -> bool {
        self.kind.as_deref() == Some(kind)
    }

    fn is_overdue(&self, today: &str) -> bool {
        self.state.is_pending() && self.due_on.as_deref().is_some_and(|due| due < today)
    }
}

/// All that the document tells.
#[derive(Debug)]
pub struct Feedback<'a> {
    pub campaign: &'a str,
    /// The campaign's first and last day.
    pub period: (String, String),
    pub prefecture: &'a str,
    pub county: &'a str,
    pub reached: &'a County,
    pub findings: &'a [Finding],
    /// `YYYY-MM-DD`
    pub today: String,
}

/// The label of a value of a field.
fn label(collection: &str, field: &str, value: &str, lang: Lang) -> String {
    let sheet = dictionary().collections.iter().find(|sheet| sheet.name == collection);
    let field = sheet.and_then(|sheet| sheet.fields.iter().find(|known| known.name == field));
    let choice = field.and_then(|field| field.values?.iter().find(|choice| choice.value == value));
    choice.map_or_else(|| value.to_owned(), |choice| lang.pick(choice.label.en, choice.label.zh).to_owned())
}

/// In the order of the field.
fn topics() -> Vec<&'static str> {
    let sheet = dictionary().collections.iter().find(|sheet| sheet.name == "findings");
    let field = sheet.and_then(|sheet| sheet.fields.iter().find(|field| field.name == "topic"));
    field.and_then(|field| field.values).unwrap_or_default().iter().map(|choice| choice.value).collect()
}

/// The most severe first, then by their deadlines.
fn order(finding: &Finding) -> (u8, String) {
    let severity = match finding.severity.as_deref() {
        Some("high") => 0,
        Some("medium") => 1,
        Some("low") => 2,
        _ => 3,
    };
    (severity, finding.due_on.clone().unwrap_or_else(|| "9999".into()))
}

const STYLE: &str = "@page{size:A4;margin:2.5cm 2.2cm}body{font:12pt/1.7 'Songti SC','Noto Serif CJK SC',SimSun,serif;\
max-width:46em;margin:2em auto;padding:0 1em;color:#111}h1{text-align:center;font-size:18pt}h2{font-size:14pt;margin-top:1.6em}\
h3{font-size:12pt;margin-bottom:.3em}table{border-collapse:collapse;width:100%}th,td{border:1px solid #888;padding:.25em .5em;\
text-align:left;vertical-align:top}article{break-inside:avoid;margin:0 0 1em}.meta{color:#444;font-size:10.5pt}\
.late{color:#a00;font-weight:bold}.signature{margin-top:3em;display:flex;justify-content:space-between}\
p{white-space:pre-line;margin:.3em 0}@media print{body{margin:0;max-width:none}}";

/// The whole document.
pub fn page(told: &Feedback<'_>, lang: Lang) -> String {
    let t = |en: &'static str, zh: &'static str| lang.pick(en, zh).to_owned();
    let title = match lang {
        Lang::En => format!("Feedback of the inspection to {}", told.county),
        Lang::Zh => format!("关于{}督查情况的反馈意见", told.county),
    };
    let mut findings: Vec<&Finding> = told.findings.iter().filter(|finding| finding.state != State::Rejected).collect();
    findings.sort_by_key(|finding| order(finding));
    let (praised, rest): (Vec<&Finding>, Vec<&Finding>) = findings.into_iter().partition(|f| f.is("good_practice"));
    let (suggested, found): (Vec<&Finding>, Vec<&Finding>) = rest.into_iter().partition(|f| f.is("suggestion"));
    let overdue = found.iter().filter(|finding| finding.is_overdue(&told.today)).count();
    let document = html! {
        (DOCTYPE)
        html lang=(lang.pick("en", "zh-CN")) {
            head {
                meta charset="utf-8";
                title { (title) }
                style { (maud::PreEscaped(STYLE)) }
            }
            body {
                h1 { (title) }
                p.meta {
                    (told.campaign) " · " (told.period.0) " – " (told.period.1) " · " (told.prefecture) " " (told.county)
                    " · " (told.today)
                }
                h2 { (t("1. What was done", "一、督查开展情况")) }
                (done(told.reached, lang))
                h2 { (t("2. What was found", "二、发现的主要问题")) }
                p {
                    @match lang {
                        Lang::En => { (found.len()) " findings, " (overdue) " of them overdue." }
                        Lang::Zh => { "共 " (found.len()) " 个问题，其中逾期 " (overdue) " 个。" }
                    }
                }
                @for topic in topics() {
                    @let of_topic: Vec<&&Finding> = found.iter().filter(|finding| finding.topic == topic).collect();
                    @if !of_topic.is_empty() {
                        h3 { (label("findings", "topic", topic, lang)) }
                        @for finding in of_topic { (article(finding, &told.today, lang)) }
                    }
                }
                @if !praised.is_empty() {
                    h2 { (t("3. Good practice", "三、好的经验做法")) }
                    @for finding in &praised { (article(finding, &told.today, lang)) }
                }
                @if !suggested.is_empty() {
                    h2 { (t("4. Suggestions", "四、意见建议")) }
                    @for finding in &suggested { (article(finding, &told.today, lang)) }
                }
                div.signature {
                    span { (t("For the inspection:", "督查组（签字）：")) }
                    span { (t("For the county:", "被督查县（签字）：")) }
                }
            }
        }
    };
    document.into_string()
}

fn done(reached: &County, lang: Lang) -> Markup {
    let t = |en: &'static str, zh: &'static str| lang.pick(en, zh).to_owned();
    let days = reached.days.iter().filter(|(_, evidence)| evidence.counts());
    let days = days.map(|((_, day), _)| day).collect::<std::collections::BTreeSet<_>>().len();
    html! {
        table {
            tr { th { (t("Method", "督查方式")) } th { (t("Visits", "次数")) } }
            @for (method, visits) in reached.visits.iter().filter(|(_, visits)| visits.done > 0) {
                tr { td { (label("visits", "method", method, lang)) } td { (visits.done) } }
            }
            tr { th { (t("Households visited", "走访贫困户（户）")) } td { (reached.households.visited) } }
            tr { th { (t("Interviews", "访谈（份）")) } td { (reached.interviews.values().sum::<u64>()) } }
            tr { th { (t("Days on site", "实地督查（天）")) } td { (days) } }
        }
    }
}

fn article(finding: &Finding, today: &str, lang: Lang) -> Markup {
    let t = |en: &'static str, zh: &'static str| lang.pick(en, zh).to_owned();
    let of = |field: &str, value: &str| label("findings", field, value, lang);
    html! {
        article {
            h3 { (finding.title) }
            p.meta {
                (of("level", &finding.level))
                @if let Some(severity) = &finding.severity { " · " (of("severity", severity)) }
                " · " (of("state", finding.state.name()))
                @if let Some(who) = &finding.responsible { " · " (t("Responsible: ", "责任单位（人）：")) (who) }
                @if let Some(due) = &finding.due_on {
                    " · " (t("Due: ", "整改期限：")) (due)
                    @if finding.is_overdue(today) { " " span.late { (t("overdue", "已逾期")) } }
                }
            }
            @if let Some(detail) = &finding.detail { p { (detail) } }
            @if let Some(report) = &finding.rectification { p { (t("Rectification: ", "整改情况：")) (report) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Feedback, Finding, page};
    use crate::insight::coverage::{County, Visits};
    use crate::insight::findings::State;
    use crate::lang::Lang;

    fn finding(title: &str) -> Finding {
        Finding { level: "village".into(), topic: "difficulties".into(), title: title.into(), ..Finding::default() }
    }

    fn told(findings: &[Finding], lang: Lang) -> String {
        let mut reached = County::default();
        reached.visits.insert("random_check".into(), Visits { planned: 1, done: 3, void: 0 });
        let period = ("2015-04-15".to_owned(), "2015-05-05".to_owned());
        let feedback = Feedback {
            campaign: "督查<1>",
            period,
            prefecture: "凉山州",
            county: "金阳县",
            reached: &reached,
            findings,
            today: "2015-05-10".into(),
        };
        page(&feedback, lang)
    }

    #[test]
    fn nothing_of_a_record_is_markup() {
        let script = "<script>alert('x')</script>\"&";
        let dirty = Finding {
            detail: Some(script.into()),
            responsible: Some(script.into()),
            rectification: Some(script.into()),
            severity: Some(script.into()),
            level: script.into(),
            due_on: Some(script.into()),
            kind: None,
            ..finding(script)
        };
        for lang in [Lang::En, Lang::Zh] {
            let page = told(std::slice::from_ref(&dirty), lang);
            assert!(!page.contains("<script") && !page.contains("督查<1>"), "{page}");
            assert_eq!(page.matches("&lt;script&gt;").count(), 7, "{page}");
        }
    }

    #[test]
    fn findings_stand_in_their_chapters() {
        let late = Finding { due_on: Some("2015-05-01".into()), severity: Some("high".into()), ..finding("迟的") };
        let closed = Finding { due_on: Some("2015-05-01".into()), state: State::Closed, ..finding("完的") };
        let praised = Finding { kind: Some("good_practice".into()), ..finding("好的") };
        let wished = Finding { kind: Some("suggestion".into()), ..finding("想的") };
        let dropped = Finding { state: State::Rejected, ..finding("错的") };
        let page = told(&[closed, dropped, wished, praised, late], Lang::Zh);
        let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is not in {page}"));
        let order = ["迟的", "完的", "三、好的经验做法", "好的</h3>", "四、意见建议", "想的"].map(at);
        assert!(order.is_sorted(), "{order:?}");
        assert!(!page.contains("错的"));
        assert_eq!(page.matches("已逾期").count(), 1);
        assert!(page.contains("共 2 个问题，其中逾期 1 个。") && page.contains("随机抽查"));
        assert!(told(&[], Lang::En).contains("0 findings, 0 of them overdue."));
    }
}
