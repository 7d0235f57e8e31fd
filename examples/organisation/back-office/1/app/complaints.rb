# Complaints and who answers them.
require "sinatra"

COMPLAINTS = []

post "/complaints" do
  COMPLAINTS << { text: params[:text].to_s[0, 2000], answered: false }
  status 201
end

get "/complaints/open" do
  COMPLAINTS.reject { |one| one[:answered] }.length.to_s
end
