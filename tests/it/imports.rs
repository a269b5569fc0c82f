//! `ruhu import`: what an operator sets up from files, by the binary itself.

use std::path::PathBuf;

use rust_xlsxwriter::Workbook;

use crate::support::serving::ruhu;
use crate::support::*;

/// The counties of the campaign of 2015.
const COUNTIES: &str = include_str!("../../data/campaign-2015-counties.csv");
const NAME: &str = "2015年脱贫攻坚督查";

/// A file of this test alone.
fn file(w: &World, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = w.store.config.data_dir.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// Runs `ruhu import`; whether it succeeded, and what it said.
fn import(w: &World, arguments: &[&str]) -> (bool, String) {
    let output = ruhu(w).arg("import").args(arguments).output().expect("the binary runs");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (output.status.success(), said)
}

fn campaign(w: &World, csv: &str, more: &[&str]) -> (bool, String) {
    let path = file(w, "counties.csv", csv);
    let mut arguments = vec!["campaign", path.to_str().unwrap(), "--name", NAME];
    arguments.extend(more);
    import(w, &arguments)
}

const DAYS: [&str; 4] = ["--from", "2015-04-13", "--to", "2015-04-30"];

fn imported(w: &World) -> Value {
    let mut all = w.province().all("/v1/campaigns");
    all.retain(|campaign| campaign["name"] == NAME);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// A workbook that asks how often the helper came.
fn workbook(type_of_question: &str, constraint: &str) -> Vec<u8> {
    let mut book = Workbook::new();
    for (name, rows) in [
        (
            "survey",
            vec![
                vec!["type", "name", "label::zh", "label::en", "constraint"],
                vec!["begin_group", "decisions"],
                vec![type_of_question, "helper_visits", "来过几次？", "How often?", constraint],
                vec!["end_group"],
            ],
        ),
        ("settings", vec![vec!["form_id", "form_title"], vec!["helpers", "帮扶责任人"]]),
    ] {
        let sheet = book.add_worksheet();
        sheet.set_name(name).unwrap();
        for (r, row) in rows.iter().enumerate() {
            sheet.write_row(r as u32, 0, row.iter().copied()).unwrap();
        }
    }
    book.save_to_buffer().unwrap()
}

fn form(w: &World, workbook: &[u8], more: &[&str]) -> (bool, String) {
    let path = file(w, "form.xlsx", workbook);
    let mut arguments = vec!["form", path.to_str().unwrap()];
    arguments.extend(more);
    import(w, &arguments)
}

#[track_caller]
fn done(outcome: (bool, String), told: &str) {
    assert!(outcome.0 && outcome.1.contains(told), "{}", outcome.1);
}

#[track_caller]
fn refused(outcome: (bool, String), told: &str) {
    assert!(!outcome.0 && outcome.1.contains(told), "{told}: {}", outcome.1);
}

on_both_engines! {
    fn a_campaign_is_imported_with_its_161_counties(w) {
        done(campaign(w, COUNTIES, &DAYS), "161 counties added, 0 changed, 0 removed");
        let made = imported(w);
        assert_eq!((&made["from"], &made["to"]), (&json!("2015-04-13"), &json!("2015-04-30")));
        assert_eq!((&made["min_days_on_site"], &made["created_by"]), (&json!(2), &json!(w.cast().users["province"])));
        let counties = made["counties"].as_array().unwrap();
        let of = |name: &str, value: Value| counties.iter().filter(|county| county[name] == value).count();
        assert_eq!(counties.len(), 161);
        assert_eq!((of("led_by", json!("provincial")), of("led_by", json!("prefecture"))), (88, 73));
        let areas = ["qinba", "wumeng", "liangshan_yi", "plateau_tibetan"].map(|area| of("area", json!(area)));
        assert_eq!((areas, of("area", Value::Null)), ([34, 9, 13, 32], 73));
        // Again, it changes nothing, with its days or without them.
        done(campaign(w, COUNTIES, &DAYS), "0 counties added, 0 changed, 0 removed");
        done(campaign(w, COUNTIES, &[]), "0 counties added, 0 changed, 0 removed");
        assert_eq!(imported(w), made);
    }

    fn a_list_brings_a_campaign_up_to_date(w) {
        let csv = format!("county,area\n{JINYANG},liangshan_yi\n{XIDE},\n");
        done(campaign(w, &csv, &DAYS), "2 counties added");
        let body = json!({ "min_days_on_site": 5 });
        let path = format!("/v1/campaigns/{}", id_of(&imported(w)));
        w.province().patch(&path, &body).header("if-match", "*").send().ok();
        let csv = format!("\u{feff}county,name,led_by\r\n{JINYANG},金阳县,provincial\r\n{WUSHENG},武胜县,prefecture\r\n");
        done(campaign(w, &csv, &["--to", "2015-05-30"]), "1 counties added, 1 changed, 1 removed");
        let now = imported(w);
        assert_eq!((&now["min_days_on_site"], &now["from"], &now["to"]), (&json!(5), &json!("2015-04-13"), &json!("2015-05-30")));
        assert_eq!(now["counties"], json!([
            { "county": WUSHENG, "area": null, "led_by": "prefecture" },
            { "county": JINYANG, "area": null, "led_by": "provincial" },
        ]));
    }

    fn a_wrong_value_is_named_and_nothing_is_imported(w) {
        let row = |row: &str| format!("county,name,area,led_by\n{JINYANG},金阳县,liangshan_yi,provincial\n{row}\n");
        for (csv, more, told) in [
            (row("5134,,,"), &DAYS[..], "line 3, column county"),
            (row("519999,,,"), &DAYS, "line 3, column county: the province 51 has no county 519999"),
            (row("513431,金阳县,,"), &DAYS, "line 3, column name: 513431 is 昭觉县, not 金阳县"),
            (row("513431,,plains,"), &DAYS, "line 3, column area"),
            (row("513431,,,county"), &DAYS, "line 3, column led_by"),
            (row(&format!("{JINYANG},,,")), &DAYS, "line 3, column county: 513430 is there twice"),
            ("county;name\n".into(), &DAYS, "line 1"),
            (row(""), &[], "--from and --to"),
            (row(""), &["--from", "2015-02-30", "--to", "2015-04-30"], "YYYY-MM-DD"),
            (row(""), &["--from", "2015-05-30", "--to", "2015-04-30"], "must not be before the beginning"),
            (row(""), &["--from", "2015-04-13", "--to", "2015-04-30", "--user", "liangshan"], "no provincial user"),
        ] {
            refused(campaign(w, &csv, more), told);
        }
        refused(import(w, &["campaign", "/nowhere.csv", "--name", NAME]), "cannot read /nowhere.csv");
        assert_eq!(w.province().all("/v1/campaigns").len(), 1);
        done(import(w, &["campaign", "--help"]), "led_by");
    }

    fn what_was_done_is_not_taken_out_by_a_list(w) {
        done(campaign(w, &format!("county\n{JINYANG}\n{XIDE}\n"), &DAYS), "2 counties added");
        let made = imported(w);
        let body = json!({ "campaign": made["id"], "team": w.cast().teams["four"], "county": XIDE,
            "kind": "provincial", "from": "2015-04-15", "to": "2015-05-05" });
        w.province().post("/v1/assignments", &body).send().created();
        refused(campaign(w, &format!("county\n{JINYANG}\n"), &[]), XIDE);
        assert_eq!(imported(w), made);
        w.province().post(&format!("/v1/campaigns/{}/close", id_of(&made)), &json!({})).send().ok();
        refused(campaign(w, &format!("county\n{JINYANG}\n{XIDE}\n"), &[]), "is closed");
    }

    fn a_form_is_published_from_a_workbook(w) {
        let first = workbook("integer", ". >= 0");
        done(form(w, &first, &["--level", "village"]), "form helpers, version 1, 1 questions: published");
        let listed = w.ali().all("/v1/forms?form=helpers");
        assert_eq!((listed.len(), &listed[0]["level"], &listed[0]["title"]), (1, &json!("village"), &json!({ "zh-CN": "帮扶责任人" })));
        let read = w.ali().get(&format!("/v1/forms/{}", id_of(&listed[0]))).send().ok();
        let section = &read["definition"]["sections"][0];
        assert_eq!((&section["topic"], &section["title"]["zh-CN"]), (&json!("decisions"), &json!("决策部署贯彻落实")));
        assert_eq!(section["questions"], json!([{ "name": "helper_visits", "type": "integer", "constraint": ". >= 0",
            "label": { "zh-CN": "来过几次？", "en": "How often?" } }]));
        // Again, it changes nothing; changed, it is the next version.
        done(form(w, &first, &["--level", "village"]), "version 1, 1 questions: unchanged");
        done(form(w, &workbook("integer", ". >= 1"), &["--level", "village"]), "version 2, 1 questions: published");
        assert_eq!(w.ali().all("/v1/forms?form=helpers").len(), 2);
    }

    fn a_form_that_is_not_supported_is_named_by_its_cells(w) {
        refused(form(w, &workbook("integer", ". >= 0"), &[]), "the form's level is not known");
        refused(form(w, &workbook("barcode", ""), &["--level", "village"]), "survey!A3: the type barcode is not supported");
        refused(form(w, &workbook("integer", ". >= now()"), &["--level", "village"]), "survey!E3: at character 6: the function now");
        refused(form(w, b"not a workbook", &["--level", "village"]), "no .xlsx workbook");
        refused(form(w, &workbook("integer", ""), &["--level", "town"]), "household, village, county");
        assert_eq!(w.province().all("/v1/forms?form=helpers"), Vec::<Value>::new());
        done(form(w, &workbook("integer", ""), &["--level", "village"]), "version 1");
        refused(form(w, &workbook("integer", ""), &["--level", "county"]), "form of the level village");
    }
}
