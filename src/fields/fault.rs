//! What can be wrong with a field. A fault keeps what its sentence needs, and never what the person sent, so that it
//! can be stored with a held operation and told later in the reader's language.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::lang::Lang;

/// One fault and where it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldError {
    /// RFC 6901, relative to the object of fields: `/helpers/0/affiliation`.
    pub pointer: String,
    #[serde(flatten)]
    pub fault: Fault,
}

impl FieldError {
    pub fn new(pointer: impl Into<String>, fault: Fault) -> Self {
        Self { pointer: pointer.into(), fault }
    }

    /// The same fault seen from further out: `under("/fields")` makes `/income_wage` into `/fields/income_wage`.
    #[must_use]
    pub fn under(mut self, prefix: &str) -> Self {
        self.pointer.insert_str(0, prefix);
        self
    }
}

/// What a value should have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    Text,
    Boolean,
    Integer,
    Number,
    Object,
    List,
    /// A text, a number, a boolean or a list of texts.
    Answer,
}

impl Expected {
    fn name(self, lang: Lang) -> &'static str {
        let (en, zh) = match self {
            Self::Text => ("a text", "文本"),
            Self::Boolean => ("true or false", "布尔值（true 或 false）"),
            Self::Integer => ("a whole number", "整数"),
            Self::Number => ("a number", "数字"),
            Self::Object => ("an object", "对象"),
            Self::List => ("a list", "列表"),
            Self::Answer => ("a text, a number, true or false, or a list of texts", "文本、数字、布尔值或文本列表"),
        };
        lang.pick(en, zh)
    }
}

/// The serde tag is [`Fault::code`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Fault {
    /// The collection has no such field, or the object no such key.
    UnknownField,
    /// The same answer is given as `answers.<key>` and inside `answers`.
    DuplicateField,
    /// An answer's key is empty, too long, or has control characters.
    InvalidKey {
        max: usize,
    },
    /// Null or absent where a value must be.
    Required,
    /// `answers` cannot be cleared as a whole.
    NotClearable,
    /// Set by the server alone.
    ReadOnly,
    WrongType {
        expected: Expected,
    },
    NotInList {
        allowed: Vec<String>,
    },
    /// Bounds are inclusive.
    OutOfRange {
        min: f64,
        max: f64,
    },
    /// A text, in characters.
    TooShort {
        min: usize,
    },
    /// A text, in characters.
    TooLong {
        max: usize,
    },
    /// A list, in items.
    TooMany {
        max: usize,
    },
    /// A NUL character, which neither PostgreSQL nor CSV can hold, or a lone surrogate.
    InvalidText,
    /// Of the right type, but not what belongs here.
    InvalidForm,
    InvalidUuid,
    InvalidDate,
    InvalidTime,
    InvalidVillage,
    InvalidSha256,
    /// Neither a citizen's identity number nor a disability-card number by its form.
    InvalidIdNumber,
    /// The birth date inside an identity number does not exist.
    InvalidBirthDate,
    InvalidCheckDigit,
    /// A village of another county.
    OutsideBucket {
        bucket: String,
    },
    /// A village sheet's id is not the one made from its village code.
    IdMismatch {
        expected: String,
    },
    /// A team names another team.
    ForeignTeam,
    /// A value that this author may not set.
    NotAllowed {
        values: Vec<String>,
    },
    // Of what the offices set up.
    /// A name that may have no blanks or control characters.
    InvalidName,
    /// Somebody or something else has this name.
    Taken,
    /// Neither a province's two digits nor a prefecture's four, as the role has it.
    InvalidRegion,
    /// Names something that is not there, or not in the caller's scope.
    NotThere,
    /// A county that takes no part in the campaign.
    OutsideCampaign,
    /// The campaign is closed.
    CampaignClosed,
    // Of forms and answers.
    /// What is wrong with an expression, and at which character, from 1.
    InvalidExpression {
        at: usize,
        en: String,
        zh: String,
    },
    /// No such version of the form was published.
    UnknownForm,
    /// The form asks no such question.
    UnknownQuestion,
    /// None of the choices that the form gives.
    UnknownChoice,
    /// The form does not ask this beside the other answers.
    NotRelevant,
    /// What the form says where its constraint does not hold.
    Constraint {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        en: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        zh: Option<String>,
    },
    // Of findings that came by sync.
    /// The state before does not lead there.
    StepSkipped,
    /// A step that is for the offices.
    NotByRole,
    /// A step that does not say what was done, or why.
    ReasonMissing,
    // Of visits that name a drawn unit.
    /// The unit is another household or village than the one that was visited, or was drawn for another campaign.
    SlotMismatch,
    /// A substitute that holds no place.
    SlotWaiting,
    /// Its place went to a substitute.
    SlotReplaced,
    /// Has no meaning beside the other values.
    NotApplicable,
    /// A period that ends before it begins.
    EndsTooEarly,
    // Of the operation around the fields: told through the same list.
    UnknownBucket,
    UnknownCollection,
    /// Nested deeper than anything here is.
    TooDeep,
}

impl Fault {
    /// Stable, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownField => "unknown_field",
            Self::DuplicateField => "duplicate_field",
            Self::InvalidKey { .. } => "invalid_key",
            Self::Required => "required",
            Self::NotClearable => "not_clearable",
            Self::ReadOnly => "read_only",
            Self::WrongType { .. } => "wrong_type",
            Self::NotInList { .. } => "not_in_list",
            Self::OutOfRange { .. } => "out_of_range",
            Self::TooShort { .. } => "too_short",
            Self::TooLong { .. } => "too_long",
            Self::TooMany { .. } => "too_many",
            Self::InvalidText => "invalid_text",
            Self::InvalidForm => "invalid_form",
            Self::InvalidUuid => "invalid_uuid",
            Self::InvalidDate => "invalid_date",
            Self::InvalidTime => "invalid_time",
            Self::InvalidVillage => "invalid_village",
            Self::InvalidSha256 => "invalid_sha256",
            Self::InvalidIdNumber => "invalid_id_number",
            Self::InvalidBirthDate => "invalid_birth_date",
            Self::InvalidCheckDigit => "invalid_check_digit",
            Self::OutsideBucket { .. } => "outside_bucket",
            Self::IdMismatch { .. } => "id_mismatch",
            Self::ForeignTeam => "foreign_team",
            Self::NotAllowed { .. } => "not_allowed",
            Self::InvalidName => "invalid_name",
            Self::Taken => "taken",
            Self::InvalidRegion => "invalid_region",
            Self::NotThere => "not_there",
            Self::OutsideCampaign => "outside_campaign",
            Self::CampaignClosed => "campaign_closed",
            Self::InvalidExpression { .. } => "invalid_expression",
            Self::UnknownForm => "unknown_form",
            Self::UnknownQuestion => "unknown_question",
            Self::UnknownChoice => "unknown_choice",
            Self::NotRelevant => "not_relevant",
            Self::Constraint { .. } => "constraint",
            Self::StepSkipped => "step_skipped",
            Self::NotByRole => "not_by_role",
            Self::ReasonMissing => "reason_missing",
            Self::SlotMismatch => "slot_mismatch",
            Self::SlotWaiting => "slot_waiting",
            Self::SlotReplaced => "slot_replaced",
            Self::NotApplicable => "not_applicable",
            Self::EndsTooEarly => "ends_too_early",
            Self::UnknownBucket => "unknown_bucket",
            Self::UnknownCollection => "unknown_collection",
            Self::TooDeep => "too_deep",
        }
    }

    /// One sentence for people, without the field's name.
    pub fn detail(&self, lang: Lang) -> String {
        match lang {
            Lang::En => self.english().into_owned(),
            Lang::Zh => self.chinese().into_owned(),
        }
    }

    fn english(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::InvalidKey { max } => {
                return format!("an answer's key has 1 to {max} characters, none of them a control character").into();
            }
            Self::WrongType { expected } => return format!("must be {}", expected.name(Lang::En)).into(),
            Self::NotInList { allowed } => return format!("must be one of: {}", allowed.join(", ")).into(),
            Self::OutOfRange { min, max } => return format!("must be from {min} to {max}").into(),
            Self::TooShort { min } => return format!("must have at least {min} characters").into(),
            Self::TooLong { max } => return format!("must have at most {max} characters").into(),
            Self::TooMany { max } => return format!("must have at most {max} items").into(),
            Self::OutsideBucket { bucket } => {
                return format!("must begin with {bucket}, the code of the record's county").into();
            }
            Self::IdMismatch { expected } => return format!("the record of this village has the id {expected}").into(),
            Self::NotAllowed { values } => {
                return format!("only the province and the prefectures may set: {}", values.join(", ")).into();
            }
            Self::InvalidExpression { at, en, .. } => return format!("cannot be read at character {at}: {en}").into(),
            Self::Constraint { en: Some(text), .. } | Self::Constraint { en: None, zh: Some(text) } => {
                return text.clone().into();
            }
            Self::Constraint { .. } => "is not what the form allows",
            Self::UnknownForm => "no such version of the form was published",
            Self::UnknownQuestion => "the form asks no such question",
            Self::UnknownChoice => "is none of the choices",
            Self::NotRelevant => "the form does not ask this beside the other answers",
            Self::UnknownField => "there is no such field",
            Self::DuplicateField => "is given twice",
            Self::Required => "must have a value",
            Self::NotClearable => "cannot be cleared as a whole; clear its entries one by one",
            Self::ReadOnly => "is set by the server alone",
            Self::InvalidText => "has a character that cannot be kept: NUL, or half of a surrogate pair",
            Self::InvalidForm => "is not in the form that belongs here",
            Self::InvalidUuid => "must be a UUID in its hyphenated form",
            Self::InvalidDate => "must be a date that exists, as YYYY-MM-DD",
            Self::InvalidTime => "must be a time with its offset, as in RFC 3339",
            Self::InvalidVillage => "must be a village's 12-digit code",
            Self::InvalidSha256 => "must be 64 hexadecimal digits",
            Self::InvalidIdNumber => "must be an 18-character identity number or a disability-card number",
            Self::InvalidBirthDate => "the birth date in the number does not exist",
            Self::InvalidCheckDigit => "the check digit does not fit the number",
            Self::ForeignTeam => "a team may only name itself",
            Self::InvalidName => "must have a character, and no blanks or control characters",
            Self::Taken => "is taken",
            Self::InvalidRegion => "must be two digits for the province, four for a prefecture",
            Self::NotThere => "names nothing that is there",
            Self::OutsideCampaign => "takes no part in the campaign",
            Self::CampaignClosed => "is closed",
            Self::StepSkipped => "leaves out a step in between",
            Self::NotByRole => "is for the province or the prefecture to say",
            Self::ReasonMissing => "comes without what was done, or why",
            Self::SlotMismatch => {
                "names a drawn unit that is not what was visited: the visit does not count for the sample"
            }
            Self::SlotWaiting => "names a substitute that holds no place: the visit does not count for the sample",
            Self::SlotReplaced => "names a drawn unit that was replaced: the visit does not count for the sample",
            Self::NotApplicable => "does not apply here",
            Self::EndsTooEarly => "must not be before the beginning",
            Self::UnknownBucket => "there is no such county",
            Self::UnknownCollection => "there is no such collection",
            Self::TooDeep => "is nested too deeply",
        })
    }

    fn chinese(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::InvalidKey { max } => return format!("答案的键应为 1 至 {max} 个字符，且不含控制字符").into(),
            Self::WrongType { expected } => return format!("应为{}", expected.name(Lang::Zh)).into(),
            Self::NotInList { allowed } => return format!("应为以下之一：{}", allowed.join("、")).into(),
            Self::OutOfRange { min, max } => return format!("应在 {min} 至 {max} 之间").into(),
            Self::TooShort { min } => return format!("至少 {min} 个字符").into(),
            Self::TooLong { max } => return format!("最多 {max} 个字符").into(),
            Self::TooMany { max } => return format!("最多 {max} 项").into(),
            Self::OutsideBucket { bucket } => return format!("应以本记录所属县的代码 {bucket} 开头").into(),
            Self::IdMismatch { expected } => return format!("该村记录的 id 应为 {expected}").into(),
            Self::NotAllowed { values } => {
                return format!("以下取值只能由省、市（州）填写：{}", values.join("、")).into();
            }
            Self::InvalidExpression { at, zh, .. } => return format!("第 {at} 个字符处无法解析：{zh}").into(),
            Self::Constraint { zh: Some(text), .. } | Self::Constraint { zh: None, en: Some(text) } => {
                return text.clone().into();
            }
            Self::Constraint { .. } => "不符合问卷的要求",
            Self::UnknownForm => "没有发布过该问卷的此版本",
            Self::UnknownQuestion => "问卷中没有此题",
            Self::UnknownChoice => "不在选项之中",
            Self::NotRelevant => "按其它答案，此题不应填写",
            Self::UnknownField => "没有此字段",
            Self::DuplicateField => "给出了两次",
            Self::Required => "必填，不能为空",
            Self::NotClearable => "不能整体清空，请逐项清空",
            Self::ReadOnly => "只能由服务器填写",
            Self::InvalidText => "含有无法保存的字符（空字符或不成对的代理项）",
            Self::InvalidForm => "格式不符合要求",
            Self::InvalidUuid => "应为带连字符的 UUID",
            Self::InvalidDate => "应为真实存在的日期，格式为 YYYY-MM-DD",
            Self::InvalidTime => "应为带时区偏移的时间（RFC 3339）",
            Self::InvalidVillage => "应为 12 位的村级区划代码",
            Self::InvalidSha256 => "应为 64 位十六进制数",
            Self::InvalidIdNumber => "应为 18 位公民身份号码或残疾人证号",
            Self::InvalidBirthDate => "号码中的出生日期不存在",
            Self::InvalidCheckDigit => "校验码与号码不符",
            Self::ForeignTeam => "督查组只能填本组",
            Self::InvalidName => "不能为空，也不能含有空白或控制字符",
            Self::Taken => "已被占用",
            Self::InvalidRegion => "省应为两位代码，市（州）应为四位代码",
            Self::NotThere => "所指的对象不存在",
            Self::OutsideCampaign => "不在本次督查范围内",
            Self::CampaignClosed => "已经结束",
            Self::StepSkipped => "跳过了中间的办理环节",
            Self::NotByRole => "应由省或市（州）办理",
            Self::ReasonMissing => "未说明整改情况或理由",
            Self::SlotMismatch => "所填抽样单元不是本次走访的户（村），此次走访不计入样本",
            Self::SlotWaiting => "所填抽样单元是尚未启用的替补，此次走访不计入样本",
            Self::SlotReplaced => "所填抽样单元已被替换，此次走访不计入样本",
            Self::NotApplicable => "在此不适用",
            Self::EndsTooEarly => "不能早于开始日期",
            Self::UnknownBucket => "没有此县级区划",
            Self::UnknownCollection => "没有此类记录",
            Self::TooDeep => "嵌套层数过多",
        })
    }
}
