//! Many pointers (RFC 6901) in few words: `/items/{0–2}/{visits/done,visits/void}` stands for six of them.

/// What pointers of one shape begin with, and what each has in place of the numbers in which they differ.
type Head<'a> = (Vec<&'a str>, Vec<String>);

/// The pointers in the order in which they come, those that are alike together.
pub(super) fn short<'a>(pointers: impl IntoIterator<Item = &'a str>) -> String {
    // By shape: the pointer without its numbers.
    let mut shapes: Vec<(Vec<&str>, Vec<Vec<&str>>)> = Vec::new();
    for pointer in pointers {
        let parts: Vec<&str> = pointer.split('/').skip(1).collect();
        let shape: Vec<&str> = parts.iter().map(|part| if is_number(part) { "" } else { part }).collect();
        match shapes.iter_mut().find(|(known, _)| *known == shape) {
            Some((_, members)) if members.contains(&parts) => {}
            Some((_, members)) => members.push(parts),
            None => shapes.push((shape, vec![parts])),
        }
    }
    // Shapes that begin alike share that.
    let mut told: Vec<(Head<'_>, Vec<String>)> = Vec::new();
    for (_, members) in &shapes {
        let (head, end) = split(members);
        match told.iter_mut().find(|(known, _)| *known == head) {
            Some((_, ends)) => ends.push(end),
            None => told.push((head, vec![end])),
        }
    }
    let told = told.into_iter().map(|((before, middles), ends)| {
        let mut parts: Vec<String> = before.into_iter().map(str::to_owned).collect();
        parts.extend([braced(&runs(&middles)), braced(&ends)].into_iter().filter(|part| !part.is_empty()));
        format!("/{}", parts.join("/"))
    });
    told.collect::<Vec<_>>().join(", ")
}

fn is_number(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
}

/// Members of one shape, cut before the first and after the last number in which they differ; a single one around its last
/// number, so that it may stand with others.
fn split<'a>(members: &[Vec<&'a str>]) -> (Head<'a>, String) {
    let first = &members[0];
    let differs = |at: &usize| members.iter().any(|member| member[*at] != first[*at]);
    let (from, to) = ((0..first.len()).find(differs), (0..first.len()).rfind(differs));
    let last = first.iter().rposition(|part| is_number(part));
    let Some((from, to)) = from.zip(to).or(last.zip(last)) else {
        return ((Vec::new(), Vec::new()), first.join("/"));
    };
    let middles = members.iter().map(|member| member[from..=to].join("/")).collect();
    ((first[..from].to_vec(), middles), first[to + 1..].join("/"))
}

/// Numbers that follow each other as the first and the last of them.
fn runs(middles: &[String]) -> Vec<String> {
    let mut runs: Vec<(String, String, Option<u64>)> = Vec::new();
    for middle in middles {
        let number = middle.parse::<u64>().ok();
        match runs.last_mut() {
            Some((_, last, Some(end))) if number == Some(*end + 1) => (*last, *end) = (middle.clone(), *end + 1),
            _ => runs.push((middle.clone(), middle.clone(), number)),
        }
    }
    runs.into_iter().map(|(first, last, _)| if first == last { first } else { format!("{first}–{last}") }).collect()
}

/// One as it is, more of them in braces.
fn braced(all: &[String]) -> String {
    match all {
        [] => String::new(),
        [one] if !one.contains('–') => one.clone(),
        more => format!("{{{}}}", more.join(",")),
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn what_is_alike_is_told_together() {
        for (pointers, expected) in [
            (&["/min_days_on_site"][..], "/min_days_on_site"),
            (&["/items/0/visits", "/items/0/visits"], "/items/0/visits"),
            (&["/items/0/a/b", "/items/0/c"], "/items/0/{a/b,c}"),
            (
                &[
                    "/items/0/a",
                    "/items/0/b",
                    "/items/1/a",
                    "/items/1/b",
                    "/items/2/a",
                    "/items/2/b",
                    "/items/4/a",
                    "/items/4/b",
                ],
                "/items/{0–2,4}/{a,b}",
            ),
            (&["/overall/compared", "/overall/agreed"], "/{overall/compared,overall/agreed}"),
            (
                &["/t/1/q/0/observed", "/t/1/q/0/v/1/share", "/t/1/q/3/observed", "/t/1/q/3/v/0/share"],
                "/t/1/q/{0,3}/observed, /t/1/q/{0/v/1,3/v/0}/share",
            ),
            (&["/a", "/items/3/x"], "/a, /items/3/x"),
        ] {
            assert_eq!(short(pointers.iter().copied()), expected);
        }
    }
}
